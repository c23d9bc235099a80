"""Do agendas kept elsewhere say what they say, whoever wrote them?"""

"""What is known of France: communes, territories, professions, zones, telephones, dates in words."""

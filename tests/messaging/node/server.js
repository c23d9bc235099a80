// An SMSC of other people: binds, takes what is submitted, sends a receipt for each, and one reply when asked.
// Usage: node server.js [quiet]   Prints its port first, then one JSON line for each message unless quiet.
const smpp = require("smpp");
const quiet = process.argv[2] === "quiet";
let ids = 1000;
const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    session.send(pdu.response(pdu.password === "secret" ? {} : { command_status: smpp.ESME_RBINDFAIL }));
    if (!quiet) setTimeout(() => session.deliver_sm({ source_addr: "33639980001", destination_addr: "38000", short_message: "Oui, d’accord €" }), 50);
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("submit_sm", (pdu) => {
    const id = String(++ids);
    session.send(pdu.response({ message_id: id }));
    if (quiet) return;
    console.log(JSON.stringify({ to: pdu.destination_addr, from: pdu.source_addr, text: pdu.short_message.message, udh: pdu.short_message.udh ? pdu.short_message.udh[0] : null, reference: pdu.user_message_reference, receipt: pdu.registered_delivery }));
    session.deliver_sm({
      source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, receipted_message_id: id, message_state: 2,
      user_message_reference: pdu.user_message_reference,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2601050800 done date:2601050801 stat:DELIVRD err:000 text:`,
    }, (answer) => console.log(JSON.stringify({ acknowledged: id, status: answer.command_status })));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

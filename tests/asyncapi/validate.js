// Reads AsyncAPI documents with the parser of the AsyncAPI initiative. Prints one line of JSON for each file:
// what is wrong with it (errors and warnings), and the messages as a subscriber's tools see them.

const fs = require("fs");
const { DiagnosticSeverity, Parser } = require("@asyncapi/parser");
const { ProtoBuffSchemaParser } = require("@asyncapi/protobuf-schema-parser");

async function read(file) {
  const parser = new Parser();
  parser.registerSchemaParser(ProtoBuffSchemaParser());
  const { document, diagnostics } = await parser.parse(fs.readFileSync(file, "utf8"), { source: file });
  const problems = diagnostics
    .filter(({ severity }) => severity <= DiagnosticSeverity.Warning)
    .map(({ code, message, path }) => `${path.join("/")}: ${message} (${code})`);
  const messages = (document ? document.allMessages().all() : []).map((message) => ({
    name: message.name(),
    headers: message.headers().json(),
    payload: message.payload().json(),
  }));
  return { problems, messages };
}

(async () => {
  for (const file of process.argv.slice(2)) {
    console.log(JSON.stringify(await read(file)));
  }
})();

// Parse each file that is named, with the official parser; print what it has to say as JSON, a list a file.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
const found = [];
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf-8"));
  found.push({
    isParsed: document !== undefined,
    operations: document ? document.operations().all().map((operation) => operation.id()) : [],
    diagnostics: diagnostics.map(({ code, severity, message, path }) => ({
      code: String(code),
      isError: severity === 0,
      message,
      path: path.join("."),
    })),
  });
}
process.stdout.write(JSON.stringify(found));

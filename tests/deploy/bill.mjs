// Usage: node bill.mjs FILE
//
// Checks a bill of materials against the schema of CycloneDX 1.6. Exit code: 0 valid, 1 not, with what is wrong.
import { readFile } from "node:fs/promises";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

const wrong = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(await readFile(process.argv[2], "utf8"));
if (wrong !== null) {
  console.error(JSON.stringify(wrong, undefined, 2));
  process.exit(1);
}
console.log("valid");

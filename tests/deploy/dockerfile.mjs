// Usage: node dockerfile.mjs FILE…
//
// Says what is wrong with Dockerfiles, line by line. Exit code: 0 nothing.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { validate, ValidationSeverity } = createRequire(import.meta.url)("dockerfile-utils");
const strict = { casingInstruction: ValidationSeverity.ERROR, deprecatedMaintainer: ValidationSeverity.ERROR, emptyContinuationLine: ValidationSeverity.ERROR,
  instructionCmdMultiple: ValidationSeverity.ERROR, instructionEntrypointMultiple: ValidationSeverity.ERROR, instructionHealthcheckMultiple: ValidationSeverity.ERROR,
  instructionJSONInSingleQuotes: ValidationSeverity.ERROR, instructionWorkdirRelative: ValidationSeverity.ERROR };
const found = [];
for (const file of process.argv.slice(2))
  found.push(...validate(await readFile(file, "utf8"), strict).map(({ range, message }) => `${file}:${range.start.line + 1}: ${message}`));
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
console.log("valid");

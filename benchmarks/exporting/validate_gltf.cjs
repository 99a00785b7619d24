// Prints, per file, the codes of the errors that Khronos' glTF-Validator finds, as JSON: [["CODE", ...], ...].
// Arguments: a node_modules folder that holds gltf-validator, and files.
const fs = require("fs");
const path = require("path");

const [modules, ...files] = process.argv.slice(2);
const validator = require(path.resolve(modules, "gltf-validator"));
const ERROR = 0;

(async () => {
  const found = [];
  for (const file of files) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), { maxIssues: 0 });
    found.push(report.issues.messages.filter((issue) => issue.severity === ERROR).map((issue) => issue.code));
  }
  console.log(JSON.stringify(found));
})();

// Builds the pages' scripts and styles into ../static/build, each under a name that holds a hash of its content,
// with manifest.json to find it by. Every file also gets a .gz beside it, for a server without a compressing proxy.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { PurgeCSS } from "purgecss";
import { adoptedStyles, styledDecisions, translatedFormEditor, translatedFormJs, translatedSimulation } from "./translate.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "build");
const templates = join(here, "..", "templates");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  target: ["es2020", "chrome80", "safari15"],
  loader: { ".svg": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl", ".eot": "empty" },
  logLevel: "warning",
};

// name -> where it is used
const bundles = {
  resident: "src/resident.js", // every page of a resident: a few kilobytes
  staff: "src/staff.js", // every page of the hall's people: htmx and the keys
  hall: "src/hall.js", // the hall's machine and screen, and a telephone that waits
  form: "src/form.js", // a form, drawn by form-js
  dates: "src/dates.js", // days and times outside of forms: fetched only where a page has one
  diagram: "src/diagram.js", // a diagram to look at
  modeler: "src/modeler.js", // a diagram to try and change
  play: "src/play.js", // a play of a matter: its story and its acts
  drafting: "src/drafting.js", // a file of a draft, changed as text
  compare: "src/compare.js", // two versions of a diagram, with what is other
  form_editor: "src/form_editor.js", // a form of a draft: palette, form, what each part says
  decision_editor: "src/decision_editor.js", // decisions of a draft: tables, expressions, how they hang together
  matter_form: "src/matter_form.js", // matter.yaml of a draft as a form
  decision: "src/decision.js", // a decision table to look at
  scan: "src/scan.js", // a field that a camera can fill, a pad to sign on: a few kilobytes
  passkey: "src/passkey.js", // signing in by a passkey: two kilobytes, on the pages that offer it
  scanner: "src/scanner.js", // what reads a code in a picture: fetched only when somebody presses the button
};
const scripts = await build({
  ...common,
  entryPoints: bundles,
  outdir: out,
  entryNames: "[name]-[hash]",
  format: "esm",
  metafile: true,
  plugins: [translatedFormJs, translatedFormEditor, translatedSimulation, styledDecisions, adoptedStyles],
});

const styles = await build({
  ...common,
  entryPoints: { "style-resident": "src/resident.css", "style-staff": "src/staff.css" },
  outdir: out,
  write: false,
});

// What our benchmark compares our FEEL with; it looks for this very name.
await build({
  ...common,
  entryPoints: { feelin: "feelin" },
  outdir: out,
  format: "iife",
  globalName: "feelin",
});

const manifest = {};
const hashed = (name, ext, text) => {
  const file = `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase()}${ext}`;
  writeFileSync(join(out, file), text);
  manifest[`${name}${ext}`] = file;
};

const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );

for (const file of styles.outputFiles) {
  const name = file.path.match(/style-(\w+)\.css$/)[1];
  let css = file.text;
  if (name === "resident") {
    // A resident's phone gets only the rules its pages use; Tabler whole is 600 KB.
    const shared = walk(templates).filter((path) => !/\/(clerk|designer|supervisor)\//.test(path));
    const [{ css: used }] = await new PurgeCSS().purge({
      content: [...shared, join(here, "src", "resident.js"), join(here, "src", "form.js")],
      css: [{ raw: css }],
      safelist: { standard: [/^yz-/, /^is-/, "show", "active"], variables: [/^--tblr-/] },
    });
    css = (await transform(used, { loader: "css", minify: true, target: common.target })).code;
  }
  hashed(name, ".css", css);
}

hashed("icons", ".svg", readFileSync(join(here, "src", "icons.svg"), "utf8"));

for (const [path, output] of Object.entries(scripts.metafile.outputs)) {
  const file = path.split("/").pop();
  const entry = Object.entries(bundles).find(([, source]) => output.entryPoint === source);
  if (entry) manifest[`${entry[0]}.js`] = file;
  if (entry && output.cssBundle) manifest[`${entry[0]}-island.css`] = output.cssBundle.split("/").pop();
}
writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

for (const file of readdirSync(out)) {
  if (!/\.(js|css|svg)$/.test(file)) continue;
  const path = join(out, file);
  const packed = gzipSync(readFileSync(path), { level: 9 });
  writeFileSync(`${path}.gz`, packed);
  console.log(`${file}  ${(statSync(path).size / 1000).toFixed(0)} kB, ${(packed.length / 1000).toFixed(1)} kB gzipped`);
}

// form-js 2.0 asks a `translate` service for most of its words, but writes a few straight into its elements, and takes
// the order of a date from the browser's language instead of the page's. These lines are changed here while bundling.
// Each must be found exactly as often as said: a new version of form-js that moved them fails the build, in plain sight.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const words = join(dirname(fileURLToPath(import.meta.url)), "src", "words.js");

const changes = [
  ["placeholder: 'Search',", "placeholder: yizhanWord('Search'),", 1],
  ['children: "Browse"', "children: yizhanWord('Browse')", 1],
  ["emptyListMessage = 'No results'", "emptyListMessage = yizhanWord('No results')", 1],
  ["placeholder: getLocaleReadableDateFormat(),", "placeholder: yizhanWord('yyyy-mm-dd'),", 1],
  ["dateFormat: getLocaleDateFlatpickrConfig(),", "dateFormat: 'Y-m-d',", 1],
  ["'01/01/1900'", "'1900-01-01'", 1],
  ["placeholder: use24h ? 'hh:mm' : 'hh:mm --',", "placeholder: yizhanWord('hh:mm'),", 1],
  [
    '"aria-label": `Remove list item ${itemIndex + 1}`,',
    "\"aria-label\": yizhanWord('Remove list item {value}', { value: String(itemIndex + 1) }),",
    1,
  ],
];

export const translatedFormJs = {
  name: "translated-form-js",
  setup(build) {
    build.onLoad({ filter: /form-js-viewer\/dist\/index\.es\.js$/ }, ({ path }) => {
      let text = readFileSync(path, "utf8");
      for (const [was, becomes, times] of changes) {
        const found = text.split(was).length - 1;
        if (found !== times) throw new Error(`form-js: expected ${times} times ${was} but found ${found}.`);
        text = text.split(was).join(becomes);
      }
      return { contents: `import { word as yizhanWord } from ${JSON.stringify(words)};\n${text}`, loader: "js" };
    });
  },
};

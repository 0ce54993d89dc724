// form-js 2.0 asks a `translate` service for most of its words, but writes a few straight into its elements, and takes
// the order of a date from the browser's language instead of the page's; the token simulation asks nobody. These lines
// are changed here while bundling. Each must be found exactly as often as said: a new version that moved them fails the
// build, in plain sight.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = (name) => join(dirname(fileURLToPath(import.meta.url)), "src", name);

/** A plugin that changes lines of one package (and gives them the page's words). changes: [what stands there, what stands there then, how often]. */
function translated(name, filter, words, changesOf) {
  return {
    name: `translated-${name}`,
    setup(build) {
      build.onLoad({ filter }, ({ path }) => {
        let text = readFileSync(path, "utf8");
        for (const [was, becomes, times] of changesOf(path)) {
          const found = text.split(was).length - 1;
          if (found !== times) throw new Error(`${name}: expected ${times} times ${was} but found ${found} in ${path}.`);
          text = text.split(was).join(becomes);
        }
        return { contents: `import ${words.what} from ${JSON.stringify(words.from)};\n${text}`, loader: "js" };
      });
    },
  };
}

export const translatedFormJs = translated(
  "form-js",
  /form-js-viewer\/dist\/index\.es\.js$/,
  { what: "{ word as yizhanWord }", from: source("words.js") },
  () => [
    ["placeholder: 'Search',", "placeholder: yizhanWord('Search'),", 1],
    ['children: "Browse"', "children: yizhanWord('Browse')", 1],
    ["emptyListMessage = 'No results'", "emptyListMessage = yizhanWord('No results')", 1],
    ["placeholder: getLocaleReadableDateFormat(),", "placeholder: yizhanWord('yyyy-mm-dd'),", 1],
    ["dateFormat: getLocaleDateFlatpickrConfig(),", "dateFormat: 'Y-m-d',", 1],
    ["'01/01/1900'", "'1900-01-01'", 1],
    // On a telephone flatpickr would put the system's own field in the place of the one form-js listens to: the page
    // breaks and the day is lost.
    ["clickOpens: false,", "clickOpens: false,\n      disableMobile: true,", 1],
    ["placeholder: use24h ? 'hh:mm' : 'hh:mm --',", "placeholder: yizhanWord('hh:mm'),", 1],
    [
      '"aria-label": `Remove list item ${itemIndex + 1}`,',
      "\"aria-label\": yizhanWord('Remove list item {value}', { value: String(itemIndex + 1) }),",
      1,
    ],
  ],
);

const quoted = (text, times = 1) => [`'${text}'`, `yizhanWord('${text}')`, times];
const title = (text) => [`title="${text}"`, `title="\${ yizhanWord('${text}') }"`, 1];

const SIMULATION = {
  "log/Log.js": [
    ["'finished' : 'canceled'", "yizhanWord('finished') : yizhanWord('canceled')", 1],
    ["} started`", "} ${ yizhanWord('started') }`", 1],
    ["|| 'SubProcess') : 'Process'", "|| yizhanWord('SubProcess')) : yizhanWord('Process')", 2],
    ...["Service", "User", "Script", "Business Rule", "Manual", "Receive", "Send"].map((one) => quoted(`${one} Task`)),
    quoted("Task"),
    quoted("Call Activity"),
    ...["Exclusive", "Parallel", "Inclusive"].map((one) => quoted(`${one} Gateway`)),
    ...["Start", "Boundary", "End"].map((one) => quoted(`${one} Event`)),
    quoted("Intermediate Event", 2),
    title("Toggle Simulation Log"),
  ],
  "toggle-mode/modeler/ToggleMode.js": [
    ["Token Simulation <span", "${ yizhanWord('Token Simulation') } <span", 3],
  ],
  "reset-simulation/ResetSimulation.js": [quoted("Reset Simulation"), title("Reset Simulation")],
  "pause-simulation/PauseSimulation.js": [
    title("Play/Pause Simulation"),
    quoted("Pause Simulation"),
    quoted("Play Simulation"),
  ],
  "element-support/ElementSupport.js": [quoted("Found unsupported elements"), quoted("Not supported")],
  "set-animation-speed/SetAnimationSpeed.js": [
    ["Set animation speed = ${ label }", "${ yizhanWord('Set animation speed') } ${ yizhanWord(label) }", 1],
  ],
  "show-scopes/ShowScopes.js": [
    ["Focus process instance ${scope.id}", "${ yizhanWord('Focus process instance') } ${scope.id}", 1],
  ],
  "simulation-state/SimulationState.js": [quoted("Finished")],
  "handler/ExclusiveGatewayHandler.js": [title("Set Sequence Flow")],
  "handler/InclusiveGatewayHandler.js": [title("Set Sequence Flow")],
  "handler/TriggerHandler.js": [title("Trigger Event")],
  "handler/PauseHandler.js": [
    ["${ wait ? 'Remove' : 'Add' } pause point", "${ yizhanWord(wait ? 'Remove pause point' : 'Add pause point') }", 1],
  ],
};

export const translatedSimulation = translated(
  "token-simulation",
  /bpmn-js-token-simulation\/lib\/features\/.*\.js$/,
  { what: "{ translate as yizhanWord }", from: source("words.modeler.js") },
  (path) => Object.entries(SIMULATION).find(([end]) => path.endsWith(end))?.[1] ?? [],
);

/** The form editor asks nobody for its words, and offers parts that no hall of ours can use. */
export const translatedFormEditor = translated(
  "form-js-editor",
  /form-js-editor\/dist\/index\.es\.js$/,
  { what: "{ offered as yizhanOffered, say as yizhanWord }", from: source("words.editor.js") },
  () => [
    ["}) => type !== 'default');", "}) => yizhanOffered(type));", 1],
    ...["Input", "Selection", "Presentation", "Containers", "Action"].map((one) => [
      `label: '${one}',`,
      `label: yizhanWord('${one}'),`,
      one === "Action" ? 2 : 1, // a button's too, in the panel that is not drawn
    ]),
    ["title: `Create ${getIndefiniteArticle(type)} ${label} element`,", "title: yizhanWord('Add {value}', { value: label }),", 1],
    ['title: "Components",\n', "title: yizhanWord('Components'),\n", 1],
    ...[
      "Components",
      "No components found.",
      "Drag and drop components here.",
      "Build your form",
      "Drag and drop components here to start designing.",
      "Use the preview window to test your form.",
      "Content",
    ].map((one) => [`children: "${one}"`, `children: yizhanWord("${one}")`, 1]),
    ['placeholder: "Search components",', "placeholder: yizhanWord('Search components'),", 1],
    ['title: "Clear content",', "title: yizhanWord('Clear content'),", 1],
    ["return 'Remove form field';", "return yizhanWord('Remove form field');", 1],
    ["return `Remove ${entry.label}`;", "return yizhanWord('Remove {value}', { value: entry.label });", 1],
    ...["Text view", "Html view"].flatMap((one) =>
      ["is empty", "is populated by an expression", "is templated"].map((end) => [
        `"${one} ${end}"`,
        `yizhanWord("${one} ${end}")`,
        1,
      ]),
    ),
    ["'Expression is empty'", "yizhanWord('Expression is empty')", 1],
    ['}), "Document preview"]', "}), yizhanWord('Document preview')]", 1],
  ],
);

/** dmn-js says by styles of its elements where its mark stands; the policy of our pages refuses them, our sheet says it. */
const POWERED = [
  [' style="vertical-align:middle"', "", 1],
  ['style="position: absolute; bottom: 15px; right: 15px; z-index: 100;">', ">", 1],
  ...["LIGHTBOX", "BACKDROP", "NOTICE"].map((one) => [` style="' + ${one}_STYLES + '"`, "", 1]),
  [` style="margin: 15px 20px 15px 10px; align-self: center;' + '"`, "", 1],
];

const DRAGGED = [
  [
    `<span style="
          visibility: hidden;
          position: fixed;
          top: -10000px
      "></span>`,
    '<span class="yz-unseen"></span>',
    1,
  ],
];

export const styledDecisions = translated(
  "dmn-js",
  /dmn-js-(shared\/lib\/util\/PoweredByUtil|decision-table\/lib\/features\/drag-and-drop\/DragAndDrop)\.js$/,
  { what: "{ word as yizhanWord }", from: source("words.js") },
  (path) => (path.endsWith("PoweredByUtil.js") ? POWERED : DRAGGED),
);

/** The FEEL editor's styles go where our policy lets them: into a sheet of the page, not into an element of style. */
export const adoptedStyles = translated(
  "style-mod",
  /style-mod\/src\/style-mod\.js$/,
  { what: "{ word as yizhanWord }", from: source("words.js") },
  () => [["if (!root.head && root.adoptedStyleSheets &&", "if (root.adoptedStyleSheets &&", 1]],
);

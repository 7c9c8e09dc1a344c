// uPlot without what no chart of ours has. Its package holds one file that is made for all charts; what is switched off here by a
// constant is left out by the bundler, with all that only it needs.

/**
 * What stands in the file, what stands there instead, and how often. A release that reads otherwise stops the build here: then look
 * at what changed, and at the charts.
 */
const edits = [
  // Axes of dates: our places have names that come from the server's wall clocks.
  [/let isTime = [^;]+;/g, "", 3],
  [/\bisTime\b/g, "false", 7],
  [/const \[ timeIncrsMs, [^]*?genTimeStuffs\(1\);\nconst \[ timeIncrsS, [^]*?genTimeStuffs\(1e-3\);/g, "", 1],
  [/const _timeAxisSplits = [^]*?const _timeSeriesVal  = [^\n]+/g, "", 1],
  [/const _fmtDate = [^;]+;/g, "", 1],
  [/const localTz = [^;]+;/g, "", 1],
  [/const (?:days3|months3|engNames) = [^;]+;/g, "", 3],
  // Its legend: ours is a list of words.
  ["const showLegend = legend.show;", "", 1],
  [/if \(legend\.live\) \{\n\t\tconst getMultiVals[^]*?\n\t\}/g, "", 1],
  [/\bshowLegend\b/g, "false", 9],
  [/\tfunction initLegendRow\(s, i\) \{[^]*?\n\t\}\n/g, "", 1],
  // Scales by logarithm and by hyperbolic sine, and points in two dimensions.
  [/\b(?:w?sc\.)?distr (?:== [34]|>= 3)\b/g, "false", 19],
  [/\bmode == 2\b/g, "false", 15],
  [/\bmode == 1\b/g, "true", 15],
  // Other ways from point to point, and what pages may call.
  [/\nuPlot\.assign = assign;[^]*?\nexport \{/g, "\nuPlot.paths = { bars };\n\nexport {", 1],
];

/** @param {string} source the package's file of modules @returns the same without those parts */
export function uplotOfOurs(source) {
  for (const [what, instead, times] of edits) {
    const found = source.split(what).length - 1;
    if (found !== times) throw new Error(`uplot-parts.mjs: uPlot has ${found} places like ${what}, and not ${times}.`);
    source = source.replaceAll(what, instead);
  }
  return source;
}

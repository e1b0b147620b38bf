// The pages of a comparison in a browser: `node compare.mjs CHROMIUM PROFILE FOLDER [PICTURES]`, with the pages that run.sh leaves in FOLDER:
// against.html (a run against a revision), saved.html (against a saved run) and compare.html (two saved runs). Prints as check.mjs does.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, tab } from './chromium.mjs';
import { equal, limit, prompt, step, timed } from './steps.mjs';

const [program, profile, folder, pictures] = process.argv.slice(2);
const url = (page) => pathToFileURL(join(folder, page)).href;
const HOSTILE = '</script><img src=x onerror=alert(1)><script>alert(2)</script><!-- \u2028 <svg/onload=alert(3)>';
limit(240_000);

const browser = await chromium(program, profile);
async function look(view, name) {
  await view.frame();
  if (pictures) writeFileSync(join(pictures, `${name}.png`), await view.picture());
}
const text = (id) => `byId('${id}').textContent`;
/** What was compared of a cell, in the order in which the table shows it. */
const order = 'unique(view.map((cell) => cell.flip || cell.change))';

const wide = await tab(browser, { width: 1400, height: 900 });
const started = performance.now();
await wide.goto(url('against.html'));
await look(wide, 'against-light');
process.stderr.write(`opened after ${(performance.now() - started).toFixed(0)} ms\n`);

await step('against: the verdicts stand with what the cases could have shown', async () => {
  const said = await wide.evaluate(text('comparison'));
  const parts = ['Compared with HEAD', 'undecided', 'better', 'in 80 of 100 such comparisons', 'exact McNemar test'];
  return equal(parts.filter((part) => !said.includes(part)), []);
});
await step('against: the gates of the comparison are said in their own units', async () => {
  const said = await wide.evaluate(text('gates'));
  return /min delta.*≥ 0\.0 points/.test(said) ? true : said;
});
await step('against: each case has its other side', async () => equal(await wide.evaluate('[cells.length, cells.filter((cell) => cell.before).length]'), [10_400, 10_400]));
await step('against: flips come first, then other scores, then what is the same', async () => {
  const [found, falls] = await wide.evaluate(`[${order}.slice(0, 2), view.filter((cell) => !cell.flip && cell.change !== 'same').every((cell, at, all) => at === 0 || Math.abs(scoreChange(all[at - 1])) >= Math.abs(scoreChange(cell)) - 1e-9)]`);
  const last = await wide.evaluate('view.at(-1).change');
  return equal([found, falls, last], [['pass to fail', 'fail to pass'], true, 'same']);
});
await step('against: the filters worse, better and same part the cases, and are prompt', async () => {
  const counts = [];
  let slowest = 0;
  for (const name of ['worse', 'better', 'same']) {
    slowest = Math.max(slowest, await wide.evaluate(timed(`document.querySelector('[data-change=${name}]').click()`)));
    const [only, n, chip] = await wide.evaluate(`[unique(view.map((cell) => cell.change)), view.length, Number(document.querySelector('[data-change=${name}] b').textContent.replace(',', ''))]`);
    if (only.join() !== name || n !== chip || n === 0) return { name, only, n, chip };
    counts.push(n);
  }
  process.stderr.write(`slowest filter: ${slowest.toFixed(0)} ms\n`);
  return counts.reduce((sum, n) => sum + n, 0) === 10_400 ? prompt('a filter', slowest) : counts;
});
await step('against: the keys filter, choose, open and close', async () => {
  await wide.evaluate('filterBy({}); byId("grid").focus()');
  await wide.key('w', 'w');
  const only = await wide.evaluate('[filters.change, unique(view.map((cell) => cell.change)).join()]');
  await wide.key('j', 'j');
  await wide.key('j', 'j');
  await wide.key('Enter', '\r');
  const opened = await wide.evaluate('[byId("detail").hidden, current === view[1], decodeURIComponent(location.hash).startsWith("#change=worse&case=")]');
  await look(wide, 'against-light-case');
  await wide.key('Escape');
  await wide.key('w', 'w');
  return equal([only, opened, await wide.evaluate('[byId("detail").hidden, filters.change]')], [['worse', 'worse'], [false, true, true], [true, '']]);
});
await step('against: a case shows both answers with the words that differ, and what changed in the messages', async () => {
  await wide.goto('about:blank');
  await wide.goto(`${url('against.html')}#case=t00030`);
  await wide.frame();
  const said = await wide.evaluate(text('detail'));
  const parts = ['reply@HEAD → reply', 'Answer before', 'Answer after', 'Expected', 'Messages, and what changed', 'before: '];
  const gone = await wide.evaluate('unique([...byId("detail").querySelectorAll("pre del")].map((node) => node.textContent.trim()))');
  return equal([parts.filter((part) => !said.includes(part)), gone], [[], ['refund']]);
});
await step('against: markup of either side is text', async () => {
  await wide.goto('about:blank');
  await wide.goto(`${url('against.html')}#case=t00007`);
  await wide.frame();
  const found = await wide.evaluate('[whole(current.before).output, whole(current).output, document.images.length, document.scripts.length]');
  const blocks = await wide.evaluate('[...byId("detail").querySelectorAll("pre")].filter((pre) => pre.textContent.startsWith("</script><img src=x onerror")).length >= 2');
  await look(wide, 'against-light-hostile');
  return equal([found, blocks], [[`${HOSTILE} refund order`, `${HOSTILE} order`, 0, 2], true]);
});
await step('against: a field of a matrix shows its cases', async () => {
  await wide.evaluate('close(); filterBy({})');
  const [sides, n] = await wide.evaluate(`(() => {
    const matrices = [...document.querySelectorAll('.matrix')];
    const field = matrices[0].querySelector('td.wrong button');
    field.click();
    return [matrices.map((matrix) => matrix.querySelector('figcaption').textContent.split(':')[0]), Number(field.textContent)];
  })()`);
  const [shown, hash] = await wide.evaluate('[view.length, decodeURIComponent(location.hash).startsWith("#label=")]');
  return equal([sides, shown, hash], [['before', 'after'], n, true]);
});
await step('against: an address that names no field is none', async () => {
  await wide.goto('about:blank');
  await wide.goto(`${url('against.html')}#label=%5B1%5D`);
  return equal(await wide.evaluate('[filters.label, view.length]'), ['', 10_400]);
});

const two = await tab(browser, { width: 1400, height: 900, dark: true });
await two.goto(url('compare.html'));
await look(two, 'compare-dark');
await step('compare: the page begins with the verdict', async () => {
  const head = await two.evaluate('document.querySelector("h1").textContent');
  return equal([head, await two.evaluate('document.title')], ['Undecidedthe gate holds', 'Undecided: kind, reply']);
});
await step('compare: metrics have an interval on a scale, and cost and latency both sides', async () => {
  const [rows, scales] = await two.evaluate('[document.querySelectorAll(".differences tbody tr").length, document.querySelectorAll(".differences svg.scale").length]');
  const said = await two.evaluate(text('comparison'));
  const parts = ['latency p95', 'cost $', '(−20.0 %)', 'Parts of the cases', 'only in before.json', 'only in after.json'];
  return rows > 4 && rows === scales ? equal(parts.filter((part) => !said.includes(part)), []) : { rows, scales };
});
await step('compare: the histograms show both sides', async () => equal(await two.evaluate('document.querySelectorAll("#charts path.before").length'), 2));
await step('compare: cases of one side are no pairs', async () => {
  await two.evaluate('filterBy({ change: "not compared" })');
  return equal(await two.evaluate('view.map((cell) => cell.case)'), ['t00011']);
});
await step('compare: a case of two saved runs opens with both sides', async () => {
  await two.evaluate('filterBy({ change: "fail to pass", suite: "reply" }); open(view[0])');
  await look(two, 'compare-dark-case');
  const said = await two.evaluate(text('detail'));
  return equal(['Answer before', 'Answer after'].filter((part) => !said.includes(part)).concat(/latency[0-9.]+ m?s → [0-9.]+ m?s/.test(said) ? [] : [said]), []);
});

const saved = await tab(browser, { width: 1400, height: 900 });
await saved.goto(url('saved.html'));
await step('saved: the cells of the saved run stand beside those of this one', async () => equal(await saved.evaluate('[cells.length, cells.filter((cell) => !cell.before).map((cell) => cell.case)]'), [10_400, ['t00011']]));

const narrow = await tab(browser, { width: 390, height: 844, mobile: true });
await narrow.goto(url('compare.html'));
await look(narrow, 'compare-narrow');
await step('compare: a narrow window needs no scrolling to the side', async () => {
  const fits = 'document.documentElement.scrollWidth <= innerWidth';
  const top = await narrow.evaluate(fits);
  await narrow.evaluate('document.querySelector(".differences").scrollIntoView()');
  await look(narrow, 'compare-narrow-metrics');
  const tables = await narrow.evaluate('[...document.querySelectorAll(".pair .scroll")].every((part) => part.scrollWidth <= part.clientWidth)');
  await narrow.evaluate('open(view[3])');
  await look(narrow, 'compare-narrow-case');
  return equal([top, tables, await narrow.evaluate(fits), await narrow.evaluate('byId("detail").scrollWidth <= innerWidth')], [true, true, true, true]);
});

const all = [wide, two, saved, narrow];
await step('compare: nothing goes wrong in the console', () => equal(all.flatMap((view) => view.problems), []));
await step('compare: nothing is fetched but the pages', () => {
  const fetched = all.flatMap((view) => view.requests).map((request) => request.replace(/#.*/, ''));
  return equal([...new Set(fetched)].filter((request) => request !== 'about:blank').sort(), ['against.html', 'compare.html', 'saved.html'].map(url).sort());
});
await browser.stop();
process.exit(0);

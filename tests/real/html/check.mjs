// The page of an evaluation in a browser: `node check.mjs CHROMIUM PROFILE PAGE [PICTURES]`. Prints a line for each thing that it proves:
// `ok` or `FAIL`, a tab, its name, and after another tab why it fails. With a folder for PICTURES, it leaves some there.
//
// The page is that of the project that run.sh makes: 10,000 cases `t00000`…, of which `t00007` is answered with markup that
// would act if it could.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, tab } from './chromium.mjs';
import { equal, limit, prompt, step, timed } from './steps.mjs';

const [program, profile, page, pictures] = process.argv.slice(2);
const url = pathToFileURL(page).href;
const HOSTILE = '</script><img src=x onerror=alert(1)><script>alert(2)</script><!-- \u2028 <svg/onload=alert(3)>';
limit(120_000);
const browser = await chromium(program, profile);
const rows = 'document.querySelectorAll("#rows .row").length';
const ids = '[...document.querySelectorAll("#rows .row")].map((row) => row.children[1].firstChild.textContent)';
const shown = 'byId("shown").textContent';

async function look(view, name) {
  await view.frame();
  if (pictures) writeFileSync(join(pictures, `${name}.png`), await view.picture());
}

const wide = await tab(browser, { width: 1400, height: 900 });
const started = performance.now();
await wide.goto(url);
await wide.frame();
process.stderr.write(`opened after ${(performance.now() - started).toFixed(0)} ms\n`);
await look(wide, 'wide-light');

await step('the verdict stands on top', async () => equal(await wide.evaluate('document.querySelector("h1").textContent'), 'Failed1 of 4 gates failed'));
await step('every cell is there, and only the rows that can be seen are in the document', async () => {
  const [cells, drawn] = await wide.evaluate(`[cells.length, ${rows}]`);
  return cells === 10_000 && drawn > 0 && drawn < 100 ? true : { cells, drawn };
});
await step('a filter by state is prompt', async () => {
  const took = await wide.evaluate(timed('document.querySelector("[data-state=pass]").click()'));
  process.stderr.write(`filter: ${took.toFixed(0)} ms\n`);
  const states = await wide.evaluate('unique(view.map((cell) => cell.state))');
  return states.join() === 'pass' ? prompt('the filter', took) : states;
});
await step('a filter by tag counts what it shows', async () => {
  await wide.evaluate('filterBy({ tag: "de" })');
  return equal(await wide.evaluate(shown), '3,334 of 10,000');
});
await step('the first search reads every answer and is prompt', async () => {
  const took = await wide.evaluate(timed('filterBy({ q: "T0123" })'));
  process.stderr.write(`first search: ${took.toFixed(0)} ms\n`);
  const found = await wide.evaluate(ids);
  return found.length === 10 && found.every((id) => id.startsWith('t0123')) ? prompt('the search', took) : found;
});
await step('a later search is prompt', async () => {
  const took = await wide.evaluate(timed('filterBy({ q: "parcel" })'));
  process.stderr.write(`later search: ${took.toFixed(0)} ms\n`);
  return prompt('the search', took);
});
await step('a column sorts both ways', async () => {
  const head = '[...document.querySelectorAll("#head button")].find((button) => button.textContent.startsWith("score")).click()';
  await wide.evaluate('filterBy({})');
  const took = await wide.evaluate(timed(head));
  process.stderr.write(`sort: ${took.toFixed(0)} ms\n`);
  const up = await wide.evaluate('view[0].score <= view[5000].score && view[5000].score <= view[9999].score');
  await wide.evaluate(head);
  const down = await wide.evaluate('view[0].score >= view[5000].score && view[5000].score >= view[9999].score');
  return up && down ? prompt('the sort', took) : { up, down };
});
await step('scrolling through all rows drops no frame for long', async () => {
  await wide.evaluate('filterBy({})');
  const worst = await wide.evaluate(`(async () => {
    let worst = 0;
    for (let at = 0; at < document.documentElement.scrollHeight; at += 7000) {
      const start = performance.now();
      scrollTo(0, at);
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      worst = Math.max(worst, performance.now() - start);
    }
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return worst;
  })()`);
  process.stderr.write(`slowest frame while scrolling: ${worst.toFixed(0)} ms\n`);
  const last = (await wide.evaluate(ids)).at(-1);
  return last === 't09999' ? prompt('a frame', worst) : last;
});
await step('the keys choose, open and close a case, and the address says which', async () => {
  await wide.evaluate('scrollTo(0, 0)');
  await wide.evaluate('filterBy({ state: "fail" })');
  await wide.key('j', 'j');
  await wide.key('j', 'j');
  await wide.key('Enter', '\r');
  const opened = await wide.evaluate('[byId("detail").hidden, current.case, decodeURIComponent(location.hash)]');
  await look(wide, 'wide-light-case');
  await wide.key('Escape');
  const closed = await wide.evaluate('[byId("detail").hidden, decodeURIComponent(location.hash)]');
  const second = await wide.evaluate('view[1].case');
  return equal([opened, closed], [[false, second, `#state=fail&case=${second}`], [true, '#state=fail']]);
});
await step('an address opens its case, with messages, answer, difference and reasons', async () => {
  await wide.goto('about:blank');
  await wide.goto(`${url}#case=t00003`);
  await wide.frame();
  const text = await wide.evaluate('byId("detail").textContent');
  const parts = ['t00003', 'similarity-ratio', 'You answer tickets.', 'datasets/tickets.jsonl:4', 'Answer', 'Expected'];
  const missing = parts.filter((part) => !text.includes(part));
  const marks = await wide.evaluate('byId("detail").querySelectorAll("ins").length > 0 && byId("detail").querySelectorAll("del").length > 0');
  return missing.length === 0 && marks ? true : { missing, marks };
});
await step('an answer that is markup is text', async () => {
  await wide.goto('about:blank');
  await wide.goto(`${url}#case=t00007`);
  await wide.frame();
  const found = await wide.evaluate('[whole(current).output, document.images.length, document.scripts.length, [...byId("detail").querySelectorAll("pre")].some((pre) => pre.textContent.startsWith("</script><img src=x onerror"))]');
  await look(wide, 'wide-light-hostile');
  return equal(found, [HOSTILE, 0, 2, true]);
});
await step('what is printed is the list, and not the window on it', async () => {
  await wide.evaluate('filterBy({}); dispatchEvent(new Event("beforeprint"))');
  const printed = await wide.evaluate(rows);
  await wide.evaluate('dispatchEvent(new Event("afterprint"))');
  return equal(printed, 500);
});
await step('the theme turns', async () => {
  const before = await wide.evaluate('getComputedStyle(document.body).backgroundColor');
  await wide.evaluate('byId("theme").click()');
  const after = await wide.evaluate('getComputedStyle(document.body).backgroundColor');
  await wide.evaluate('byId("theme").click(); localStorage.removeItem("pf-theme")');
  return before !== after;
});

const small = { width: 390, height: 844, mobile: true };
const narrow = await tab(browser, small);
await narrow.goto(url);
await look(narrow, 'narrow-light');
await step('a narrow window needs no scrolling to the side', async () => {
  const fits = 'document.documentElement.scrollWidth <= innerWidth';
  const list = await narrow.evaluate(fits);
  await narrow.evaluate('byId("cases").scrollIntoView()');
  await look(narrow, 'narrow-light-list');
  await narrow.evaluate('open(view[3])');
  await look(narrow, 'narrow-light-case');
  return equal([list, await narrow.evaluate(fits), await narrow.evaluate('byId("detail").scrollWidth <= innerWidth')], [true, true, true]);
});

const dark = await tab(browser, { ...small, dark: true });
await dark.goto(url);
await look(dark, 'narrow-dark');
const wideDark = await tab(browser, { width: 1400, height: 900, dark: true });
await wideDark.goto(`${url}#case=t00003`);
await look(wideDark, 'wide-dark-case');
await step('the page is dark where the system is', async () => equal(await dark.evaluate('getComputedStyle(document.documentElement).colorScheme'), 'dark'));

const all = [wide, narrow, dark, wideDark];
await step('nothing goes wrong in the console', () => equal(all.flatMap((view) => view.problems), []));
await step('nothing is fetched but the page', () => equal([...new Set(all.flatMap((view) => view.requests).map((request) => request.replace(/#.*/, '')))], [url]));
await step('the policy of the page refuses what it did not bring', async () => {
  const refused = await wide.evaluate(`new Promise((done) => {
    addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.acted = true';
    document.body.append(script);
    setTimeout(() => done('nothing was refused'), 2000);
  })`);
  return equal([refused, await wide.evaluate('window.acted === undefined')], ['script-src-elem', true]);
});
await browser.stop();
process.exit(0);

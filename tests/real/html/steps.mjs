// How a check is told: `ok` or `FAIL`, a tab, its name, and after another tab why it fails.

/** Milliseconds within which the page must answer: ten times what it takes, for machines that have other things to do. */
const PROMPT = 5000;

let name = '';
export async function step(what, act) {
  name = what;
  try {
    const found = await act();
    process.stdout.write(found === true || found === undefined ? `ok\t${what}\n` : `FAIL\t${what}\t${JSON.stringify(found)}\n`);
  } catch (error) {
    process.stdout.write(`FAIL\t${what}\t${String(error.message).split('\n')[0]}\n`);
  }
}
export const equal = (found, wanted) => (JSON.stringify(found) === JSON.stringify(wanted) ? true : { found, wanted });

/** How long an expression and the frame after it take, in the page. */
export const timed = (expression) => `(async () => { const start = performance.now(); ${expression}; await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); return performance.now() - start; })()`;
export const prompt = (what, took) => (took <= PROMPT ? true : `${what} took ${took.toFixed(0)} ms`);

/** Nobody waits longer than that. */
export function limit(milliseconds) {
  setTimeout(() => {
    process.stdout.write(`FAIL\t${name}\tit took too long\n`);
    process.exit(1);
  }, milliseconds).unref();
}

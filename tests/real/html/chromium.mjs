// Chromium by its debugging protocol over a pipe: no library, no port, no network.
import { spawn } from 'node:child_process';

/** Starts Chromium; `send(method, params, session)` asks, `on(event, act)` listens. */
export async function chromium(program, profile) {
  const child = spawn(program, [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run', '--disable-extensions',
    '--disable-background-networking', '--disable-component-update', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank',
  ], { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const [, , errors, input, output] = child.stdio;
  let said = '';
  errors.on('data', (data) => { said = (said + data).slice(-4000); });
  const waiting = new Map();
  const listeners = [];
  let next = 1;
  let rest = Buffer.alloc(0);
  output.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString());
      rest = rest.subarray(end + 1);
      if (message.id === undefined) {
        for (const [event, act] of listeners) if (event === message.method) act(message.params, message.sessionId);
        continue;
      }
      const { resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(message.error.message));
      else resolve(message.result);
    }
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`Chromium ended: ${said}`));
  });
  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    waiting.set(next, { resolve, reject });
    input.write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
    next += 1;
  });
  const on = (event, act) => listeners.push([event, act]);
  const stop = async () => {
    await send('Browser.close').catch(() => {});
    child.kill('SIGKILL');
  };
  return { send, on, stop };
}

/** A tab that shows `url`; everything that goes wrong in it, and everything that it asks the network for, is kept. */
export async function tab(browser, { width, height, dark = false, mobile = false }) {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  const problems = [];
  const requests = [];
  let loaded = () => {};
  const mine = (event, act) => browser.on(event, (params, session) => { if (session === sessionId) act(params); });
  mine('Runtime.exceptionThrown', ({ exceptionDetails: details }) => problems.push(details.exception?.description || details.text));
  mine('Log.entryAdded', ({ entry }) => problems.push(entry.text));
  mine('Runtime.consoleAPICalled', ({ type, args }) => problems.push(`console.${type}: ${args.map((arg) => arg.value).join(' ')}`));
  mine('Network.requestWillBeSent', ({ request }) => requests.push(request.url));
  mine('Page.javascriptDialogOpening', ({ message }) => { problems.push(`dialog: ${message}`); send('Page.handleJavaScriptDialog', { accept: true }); });
  mine('Page.loadEventFired', () => loaded());
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
  const evaluate = async (expression) => {
    const { result, exceptionDetails: details } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (details) throw new Error(`${expression}: ${details.exception?.description || details.text}`);
    return result.value;
  };
  const goto = async (url) => {
    const done = new Promise((resolve) => { loaded = resolve; });
    await send('Page.navigate', { url });
    await done;
  };
  const key = async (name, text) => {
    await send('Input.dispatchKeyEvent', { type: 'keyDown', key: name, text });
    await send('Input.dispatchKeyEvent', { type: 'keyUp', key: name });
  };
  const picture = async () => Buffer.from((await send('Page.captureScreenshot', { format: 'png' })).data, 'base64');
  const frame = () => evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))');
  return { send, evaluate, goto, key, picture, frame, problems, requests };
}

// What every test here needs: the demo as a child process, Chromium, and the checks that each page must hold.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const axe = readFileSync(join(here, 'node_modules/axe-core/axe.min.js'), 'utf8');

export const people = { anna: 'Anna Exempel', bo: 'Bo Exempel', cleo: 'Cleo Exempel' };
export const numbers = { anna: '198101052382', bo: '199001012385', cleo: '200001012384' };

/** Starts Chromium. Debian's, or another that KUVERT_CHROMIUM names. */
export function browser() {
  return chromium.launch({
    executablePath: process.env.KUVERT_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** Starts the demo on free ports and a folder of its own; `stop` ends it and asks that it ended well. */
export async function demo() {
  const program = process.env.KUVERT_BIN ?? join(target, 'debug/kuvert');
  assert.ok(existsSync(program), `${program} is not there: cargo build -p server, or set KUVERT_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'kuvert-browser-'));
  const base = await freePorts(5);
  const child = spawn(program, ['demo', '--data', data, '--port-base', String(base)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => { said += text; });
  await new Promise((ready, failed) => {
    const late = setTimeout(() => failed(new Error(`not ready within 60 s:\n${said}`)), 60_000);
    child.stdout.on('data', (text) => {
      said += text;
      if (/^ready$/m.test(said)) { clearTimeout(late); ready(); }
    });
    child.once('exit', (code) => failed(new Error(`ended with ${code}:\n${said}`)));
  });
  const run = async (...args) => {
    const other = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [other.stdout, other.stderr]) stream.on('data', (piece) => { text += piece; });
    const [code] = await once(other, 'exit');
    assert.equal(code, 0, `${args.join(' ')}:\n${text}`);
    return text;
  };
  const stop = async () => {
    child.removeAllListeners('exit');
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    rmSync(data, { recursive: true, force: true });
    assert.equal(code, 0, `the demo ended with ${code}:\n${said}`);
  };
  return { origin: `http://127.0.0.1:${base}`, data, run, stop };
}

/** Starts the pages made of sample values: those that the demo does not reach, such as the first time. */
export async function preview() {
  const program = process.env.KUVERT_PREVIEW ?? join(target, 'debug/examples/preview');
  assert.ok(existsSync(program), `${program} is not there: cargo build -p web --example preview, or set KUVERT_PREVIEW`);
  const port = await freePorts(1);
  const child = spawn(program, [String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { origin: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

async function freePorts(count) {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = 20_000 + Math.floor(Math.random() * 30_000);
    const servers = [];
    try {
      for (let port = base; port < base + count; port += 1) {
        for (const host of ['127.0.0.1', '::1']) {
          const server = createServer();
          servers.push(server);
          await new Promise((bound, taken) => server.once('error', taken).listen(port, host, bound));
        }
      }
      return base;
    } catch { /* taken: another place */ } finally {
      await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
    }
  }
  throw new Error('no free ports');
}

/** From the first page through the pretend e-ID to the inbox, with the mouse. */
export async function logIn(page, origin, who) {
  await page.goto(`${origin}/`);
  await page.getByRole('link', { name: /^(Logga in med|Log in with)/ }).first().click();
  await page.getByRole('button', { name: new RegExp(who) }).click();
  await page.waitForURL(`${origin}/`);
}

/** No violation of any rule that axe knows. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const told = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join('\n  ')}`);
  assert.deepEqual(told, [], `axe on ${what}`);
}

/** Nothing reaches past the right edge. */
export async function fits(page, what) {
  const over = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('body *')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && box.right > width + 1 && getComputedStyle(e).position !== 'absolute' && box.left >= 0;
    });
    const scrolls = document.documentElement.scrollWidth > width;
    return scrolls ? [`${document.documentElement.scrollWidth} > ${width}`, ...wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 160))] : [];
  });
  assert.deepEqual(over, [], `${what} scrolls sideways`);
}

/** Everything that can be pressed is at least 44 by 44; links inside a sentence are as high as their line. */
export async function largeEnough(page, what) {
  const small = await page.evaluate(() => {
    const inSentence = (e) => {
      const text = e.closest('p, dd, li, dt, label, .body');
      return e.tagName === 'A' && getComputedStyle(e).display === 'inline' && text && text.textContent.trim() !== e.textContent.trim();
    };
    return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !inSentence(e) && !e.matches('.skip'))
      .filter((e) => {
        const boxes = [e, ...(e.labels ?? [])].map((one) => one.getBoundingClientRect());
        return !boxes.some((box) => box.width >= 43.5 && box.height >= 43.5);
      })
      .map((e) => `${e.getBoundingClientRect().width}×${e.getBoundingClientRect().height} ${e.outerHTML.slice(0, 160)}`);
  });
  assert.deepEqual(small, [], `too small on ${what}`);
}

/** Tab alone reaches every control, each shows that it has the focus, and none of it is hidden under the menu. */
export async function byKeyboard(page, what) {
  // Begin before everything: a browser goes on from where the focus last was. End at a place of our own, too: a body
  // that has the focus may be one whose frame is about to get it, which takes a while where the frame has its own process.
  await page.evaluate(() => {
    const place = (id, tabIndex) => Object.assign(document.createElement('div'), { id, tabIndex });
    const top = place('before-everything', -1);
    document.body.prepend(top);
    document.body.append(place('after-everything', 0));
    top.focus();
  });
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, iframe')];
    const reachable = all.filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled
      && !(e.type === 'radio' && !e.checked && e.form?.querySelector(`input[name="${e.name}"]:checked`)));
    reachable.forEach((e) => { e.dataset.wanted = '1'; });
    return reachable.length;
  });
  for (let step = 0; step < count + 40; step += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(async () => {
      const resting = () => document.activeElement && document.activeElement !== document.body;
      for (let frame = 0; frame < 300 && !resting(); frame += 1) await new Promise(requestAnimationFrame);
      const e = document.activeElement;
      if (!resting()) return { lost: true };
      if (e.id === 'after-everything') return { end: true };
      delete e.dataset.wanted;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const x = box.left + Math.min(box.width / 2, 40);
      const covering = document.elementFromPoint(x, Math.min(box.top + box.height / 2, innerHeight - 1));
      return {
        ring: e.tagName === 'IFRAME' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
        covered: covering && box.height < innerHeight && !e.contains(covering) && !covering.contains(e) && !(e.labels && [...e.labels].some((l) => l.contains(covering))),
        html: e.outerHTML.slice(0, 160),
      };
    });
    if (at.end) break;
    assert.ok(!at.lost, `Tab leads nowhere on ${what}`);
    assert.ok(at.ring, `no visible focus on ${what}: ${at.html}`);
    assert.ok(!at.covered, `the focus is covered on ${what}: ${at.html}`);
  }
  await page.evaluate(() => ['before-everything', 'after-everything'].forEach((id) => document.getElementById(id).remove()));
  const missed = await page.evaluate(() => [...document.querySelectorAll('[data-wanted]')].map((e) => e.outerHTML.slice(0, 160)));
  assert.deepEqual(missed, [], `not reached by Tab on ${what}`);
}

/** Presses Tab until what has the focus says these words. */
export async function tabTo(page, words) {
  for (let step = 0; step < 120; step += 1) {
    await page.keyboard.press('Tab');
    const said = await page.evaluate(() => document.activeElement?.textContent ?? '');
    if (words.test(said)) return;
  }
  assert.fail(`Tab does not reach ${words}`);
}

/** All checks, at the widths where pages change, at 200 % zoom, and with letters of double size. */
export async function holds(page, what) {
  const was = page.viewportSize();
  for (const width of [320, 390, 760, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await fits(page, `${what} at ${width}`);
    if (width === 320 || width === 1280) {
      await largeEnough(page, `${what} at ${width}`);
      await accessible(page, `${what} at ${width}`);
    }
  }
  // 1280 by 800 at 200 % is 640 by 400.
  await page.setViewportSize({ width: 640, height: 400 });
  await fits(page, `${what} at 200 %`);
  await byKeyboard(page, `${what} at 200 %`);
  await page.setViewportSize({ width: 390, height: 844 });
  await byKeyboard(page, `${what} on a phone`);
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  await fits(page, `${what} with letters of double size`);
  await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
  await page.setViewportSize(was);
}

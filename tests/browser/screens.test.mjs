// Eight pages at 390×844 and 1280×800, kept in docs/screens. Made from the running service, looked at by people.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, demo, fits, logIn, numbers, people, root } from './harness.mjs';

const sizes = { phone: { width: 390, height: 844 }, wide: { width: 1280, height: 800 } };
// Only when asked, so that a test run leaves the work tree as it was.
const folder = process.env.KUVERT_SCREENS === 'write' ? join(root, 'docs/screens') : null;

let chromium, house;
before(async () => { [chromium, house] = await Promise.all([browser(), demo()]); }, { timeout: 120_000 });
after(async () => { await chromium?.close(); await house?.stop(); });

async function keep(page, name) {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    await page.evaluate(() => globalThis.scrollTo(0, 0));
    await page.mouse.move(0, 0);
    await fits(page, `${name} ${size}`);
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}-${size}.png`) });
    }
  }
  await accessible(page, name);
}

test('eight pages, looked at', { timeout: 300_000 }, async (t) => {
  const context = await chromium.newContext({ viewport: sizes.wide });
  const page = await context.newPage();
  await page.goto(`${house.origin}/`);
  await t.test('log in', () => keep(page, '1-log-in'));

  await logIn(page, house.origin, people.anna);
  await t.test('inbox', () => keep(page, '2-inbox'));
  await t.test('before opening', async () => {
    await page.locator('a.row', { hasText: 'Tacka ja' }).first().click();
    await page.getByText('Avsändaren får veta när du öppnar brevet.').waitFor();
    await keep(page, '3-before-opening');
  });
  await t.test('letter', async () => {
    await page.goto(`${house.origin}/`);
    await page.locator('.row', { hasText: /1 bilaga/ }).first().click();
    const closed = page.getByRole('button', { name: 'Öppna brevet' });
    if (await closed.count()) await closed.click();
    await page.getByText('Äkthet kontrollerad').first().waitFor();
    await keep(page, '4-letter');
  });
  await t.test('error', async () => {
    await page.goto(`${house.origin}/letters/0/0`);
    await keep(page, '7-error');
  });

  await t.test('empty: Bo has archived everything', async () => {
    const bo = await (await chromium.newContext({ viewport: sizes.wide })).newPage();
    await logIn(bo, house.origin, people.bo);
    for (let left = 50; await bo.locator('.row').count(); left -= 1) {
      assert.ok(left > 0, 'the inbox does not get empty');
      await bo.locator('.row').first().click();
      const closed = bo.getByRole('button', { name: 'Öppna brevet' });
      if (await closed.count()) await closed.click();
      await bo.getByRole('button', { name: 'Arkivera' }).click();
      await bo.getByText('Brevet ligger nu i arkivet.').waitFor();
      await bo.goto(`${house.origin}/`);
    }
    await keep(bo, '5-empty');
    await bo.context().close();
  });

  await t.test('long: 200 letters to Cleo', { timeout: 120_000 }, async () => {
    const subjects = ['Beslut om bostadsbidrag', 'Kallelse till hälsokontroll', 'Information om sophämtning', 'Påminnelse om medicinskt intyg',
      'Kvitto på din ansökan', 'Så här röstar du', 'Ändrad avgift för barnomsorg', 'Beslut om parkeringstillstånd'];
    const lines = Array.from({ length: 200 }, (_, n) => `lang-${n},${numbers.cleo},"${subjects[n % subjects.length]} ${n + 1}","Hej. Det här är brev ${n + 1}."`);
    writeFileSync(join(house.data, 'many.csv'), `reference,recipient,subject,text\n${lines.join('\n')}\n`);
    await house.run('send', '--data', house.data, '--csv', join(house.data, 'many.csv'), '--files', house.data);
    const cleo = await (await chromium.newContext({ viewport: sizes.wide })).newPage();
    await logIn(cleo, house.origin, people.cleo);
    await keep(cleo, '6-long');
    let seen = 0;
    for (let pages = 0; ; pages += 1) {
      assert.ok(pages < 10, 'the pages do not end');
      seen += await cleo.locator('.letters .row').count();
      const older = cleo.getByRole('link', { name: 'Visa äldre brev' });
      if (!await older.count()) break;
      await older.click();
      await cleo.getByRole('link', { name: 'Till de senaste breven' }).waitFor();
    }
    assert.ok(seen >= 200, `${seen} letters on all pages`);
    await cleo.context().close();
  });

  await t.test('ended log-in', async () => {
    const old = await chromium.newContext({ viewport: sizes.wide });
    await old.addCookies([{ name: '__Host-kuvert', value: 'A'.repeat(43), url: house.origin.replace('http:', 'https:'), secure: true, httpOnly: true, sameSite: 'Strict' }]);
    const gone = await old.newPage();
    await gone.goto(`${house.origin}/`);
    await keep(gone, '8-logged-out');
    await old.close();
  });

  await t.test('in the dark', async () => {
    const dark = await (await chromium.newContext({ viewport: sizes.wide, colorScheme: 'dark' })).newPage();
    await logIn(dark, house.origin, people.anna);
    await keep(dark, '2-inbox-dark');
    await dark.context().close();
  });
});

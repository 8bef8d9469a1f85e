// Every page there is, from sample values, in both languages: also those that a running service seldom shows.
import { after, before, test } from 'node:test';
import { accessible, browser, holds, preview } from './harness.mjs';

let chromium, served;
before(async () => { [chromium, served] = await Promise.all([browser(), preview()]); });
after(async () => { await chromium?.close(); served?.stop(); });

test('every page holds: axe, keyboard, 320 px, 200 %, targets', { timeout: 900_000 }, async (t) => {
  const page = await chromium.newPage();
  await page.goto(served.origin);
  const names = await page.locator('a[href^="/sv/"]').allTextContents();
  for (const name of names) {
    await t.test(name, async () => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${served.origin}/sv/${name}`);
      if (name === 'moving-on') await page.waitForURL(`${served.origin}/`);
      else await holds(page, name);
    });
  }
});

test('every page holds in English and in the dark', { timeout: 600_000 }, async (t) => {
  const page = await chromium.newPage({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await page.goto(served.origin);
  const names = await page.locator('a[href^="/sv/"]').allTextContents();
  for (const name of names.filter((one) => one !== 'moving-on')) {
    await t.test(name, async () => {
      await page.goto(`${served.origin}/en/${name}`);
      await accessible(page, `${name} in English, dark`);
    });
  }
});

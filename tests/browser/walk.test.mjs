// The citizen's walk through the running service, with the mouse, with the keyboard alone, and without JavaScript.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { accessible, browser, demo, fits, holds, logIn, people, tabTo, byKeyboard } from './harness.mjs';

let chromium, house;
before(async () => { [chromium, house] = await Promise.all([browser(), demo()]); }, { timeout: 120_000 });
after(async () => { await chromium?.close(); await house?.stop(); });

test('log in, read, download, archive, log out; no page runs a script', { timeout: 120_000 }, async () => {
  const context = await chromium.newContext({ javaScriptEnabled: false, acceptDownloads: true });
  const page = await context.newPage();
  const elsewhere = [];
  page.on('request', (request) => {
    if (!/^http:\/\/(127\.0\.0\.1|localhost):/.test(request.url())) elsewhere.push(request.url());
  });
  await logIn(page, house.origin, people.anna);
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Inkorg');

  // A letter with a file, still unopened.
  const row = page.locator('.letters li').filter({ hasText: /bilag/ }).first();
  const subject = (await row.locator('.subject').textContent()).trim();
  await row.locator('a, button').first().click();
  const closed = page.getByRole('button', { name: 'Öppna brevet' });
  if (await closed.count()) await closed.click();
  assert.equal((await page.getByRole('heading', { level: 1 }).textContent()).trim(), subject);
  await page.getByText('Äkthet kontrollerad').first().waitFor();

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /^Ladda ner / }).first().click(),
  ]);
  const bytes = readFileSync(await download.path());
  assert.equal(bytes.subarray(0, 5).toString(), '%PDF-');
  assert.match(download.suggestedFilename(), /\.pdf$/);

  await page.getByText('Vem har öppnat brevet').click();
  await page.locator('.trace li').filter({ hasText: 'Öppnade brevet' }).first().waitFor();
  await page.getByRole('button', { name: 'Arkivera' }).click();
  await page.getByText('Brevet ligger nu i arkivet.').waitFor();
  await page.goto(`${house.origin}/archive`);
  await page.locator('.subject', { hasText: subject }).first().waitFor();

  await page.getByRole('button', { name: 'Logga ut' }).click();
  await page.getByRole('heading', { name: 'Du är utloggad' }).waitFor();
  await page.goto(`${house.origin}/archive`);
  // The way back is sealed, and leads there after the next log-in alone.
  assert.equal(new URL(page.url()).pathname, '/', 'nothing is shown after log-out');
  assert.equal(await page.locator('.subject').count(), 0, 'nothing is shown after log-out');
  assert.deepEqual(elsewhere, [], 'nothing is fetched from anyone else');
  await context.close();
});

test('log in, open and archive by keyboard alone', { timeout: 120_000 }, async () => {
  const page = await chromium.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${house.origin}/`);
  await tabTo(page, /Logga in med/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/authorize/);
  await tabTo(page, /Cleo Exempel/);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${house.origin}/`);
  await tabTo(page, /Till innehållet/);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await tabTo(page, /oläst/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/letters\//);
  if (await page.getByRole('button', { name: 'Öppna brevet' }).count()) {
    await tabTo(page, /^Öppna brevet$/);
    await page.keyboard.press('Enter');
    await page.getByText('Äkthet kontrollerad').first().waitFor();
  }
  const subject = (await page.getByRole('heading', { level: 1 }).textContent()).trim();
  await tabTo(page, /^Arkivera$/);
  await page.keyboard.press('Space');
  await page.getByText('Brevet ligger nu i arkivet.').waitFor();
  assert.equal(await page.locator('.list .subject', { hasText: subject }).count(), 0);
  await tabTo(page, /^Ångra$/);
  await page.keyboard.press('Enter');
  await page.getByText('Brevet ligger nu i inkorgen.').waitFor();
  await page.close();
});

test('every page of the running service holds', { timeout: 600_000 }, async (t) => {
  const context = await chromium.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(`${house.origin}/`);
  await t.test('welcome', () => holds(page, 'welcome'));
  await logIn(page, house.origin, people.anna);
  const problems = [];
  page.on('console', (message) => { if (/Content.Security|Refused|violates/.test(message.text())) problems.push(message.text()); });
  // Soon after the log-in: later it takes another identification.
  await t.test('a wrong form says what to mend', async () => {
    await page.goto(`${house.origin}/helpers`);
    await page.getByLabel('Personens namn').fill('Bo');
    await page.getByLabel('Personnummer').fill('19900101-2386');
    await page.getByRole('button', { name: 'Skicka inbjudan' }).click();
    await page.getByRole('heading', { name: 'Det blev inte rätt' }).waitFor();
    assert.equal(await page.getByLabel('Personnummer').inputValue(), '', 'a personal number is not shown again');
    await holds(page, 'a wrong form');
  });
  await page.goto(`${house.origin}/`);
  const closed = await page.locator('a.task, a.row').filter({ hasText: /Tacka ja/ }).first().getAttribute('href');
  const letters = page.locator('.letters li:not(.unread) a.row');
  const opened = await letters.first().getAttribute('href');
  for (const path of ['/', '/?unread=1', '/archive', '/bin', '/bin/empty', '/settings', '/contacts', '/senders', '/helpers', '/log-ins',
    '/history', '/profile', '/about', '/tillganglighet', '/integritet', '/developers', '/nothing-here', closed, opened]) {
    await t.test(path.replace(/[0-9a-f-]{36}/g, '…'), async () => {
      await page.goto(house.origin + path);
      await holds(page, path);
    });
  }
  await t.test('search, with hits and without', async () => {
    for (const words of ['kommun', 'xyzzy']) {
      await page.goto(`${house.origin}/`);
      await page.getByRole('searchbox').fill(words);
      await page.getByRole('button', { name: 'Sök', exact: true }).click();
      await page.getByText(`stämmer med ”${words}”`).waitFor();
      assert.ok(!page.url().includes(words), 'what is sought is not readable in the address');
      await holds(page, `search for ${words}`);
    }
  });
  await t.test('a sender is turned off and on', async () => {
    await page.goto(`${house.origin}/senders`);
    await page.getByRole('link', { name: 'Stäng av Exempelverket' }).click();
    await holds(page, 'turn off');
    await page.getByRole('button', { name: 'Ja, stäng av Exempelverket' }).click();
    await page.getByText('Exempelverket är avstängd.').waitFor();
    await accessible(page, 'turned off');
    await page.getByRole('button', { name: 'Ångra' }).click();
    await page.getByText('Avsändaren är påslagen igen.').waitFor();
  });
  await t.test('in English', async () => {
    await page.goto(`${house.origin}/`);
    await page.getByRole('button', { name: 'English' }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Inbox');
    await accessible(page, 'the inbox in English');
    await page.getByRole('button', { name: 'Svenska' }).click();
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Inkorg');
  });
  assert.deepEqual(problems, [], 'no page asks for what its own policy forbids');
  await context.close();
});

test('a letter in HTML stands in its page, can do nothing, and is read on a phone', { timeout: 120_000 }, async () => {
  const { writeFileSync } = await import('node:fs');
  const file = `${house.data}/brev.html`;
  writeFileSync(file, `<h2>Hej Anna</h2><p>Vi har <strong>beviljat</strong> din ansökan. <a href="https://exempel.se/">Läs mer</a>.</p>
    <script>document.body.textContent = 'FARA'</script><img src="http://127.0.0.1:1/spår.gif" onerror="alert(1)">
    <table><tr><th scope="col">Period</th><th scope="col">Bostadskostnad</th><th scope="col">Underlag</th><th scope="col">Inkomst</th><th scope="col">Belopp</th></tr>
    <tr><td>december</td><td>9 850 kr</td><td>Hyresavi</td><td>21 400 kr</td><td>1 850 kr</td></tr></table>
    <p>Du kan begära omprövning senast den 13 december.</p>`);
  await house.run('send', '--data', house.data, '--to', '198101052382', '--subject', 'Brev med rubriker', '--text-file', file);
  const page = await chromium.newPage({ viewport: { width: 390, height: 844 } });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await logIn(page, house.origin, people.anna);
  await page.locator('.row', { hasText: 'Brev med rubriker' }).click();
  await page.getByRole('heading', { name: 'Hej Anna' }).waitFor();
  assert.equal(await page.getByText('FARA').count(), 0);
  assert.ok(!asked.some((url) => url.includes('gif')), 'nothing is fetched for the sender');
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    await fits(page, `a letter in HTML at ${width}`);
    const broken = await page.evaluate(() => [...document.querySelectorAll('.as-laid-out :is(td, th)')]
      .filter((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
      })
      .map((cell) => cell.textContent));
    assert.deepEqual(broken, [], `words and amounts are broken at ${width}`);
    const scroller = await page.evaluate(() => {
      const box = document.querySelector('.as-laid-out .wide');
      return { inner: box.scrollWidth, outer: box.clientWidth, style: getComputedStyle(box).overflowX };
    });
    assert.equal(scroller.style, 'auto');
    if (width === 320) assert.ok(scroller.inner > scroller.outer, 'the table scrolls by itself');
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, 'a letter in HTML');
  await byKeyboard(page, 'a letter in HTML');
  await page.close();
});

test('a letter\'s page ends with the letter, opened or not', { timeout: 120_000 }, async () => {
  for (let no = 0; no < 12; no += 1) {
    await house.run('send', '--data', house.data, '--to', '198101052382', '--subject', `Kort brev ${no}`, '--text', 'En rad.');
  }
  await house.run('send', '--data', house.data, '--to', '198101052382', '--subject', 'Kort med svar', '--text', 'En rad.', '--tell-opened');
  const page = await chromium.newPage({ viewport: { width: 390, height: 844 } });
  await logIn(page, house.origin, people.anna);
  await page.locator('.row', { hasText: 'Kort med svar' }).click();
  for (const opens of [false, true]) {
    if (opens) await page.getByRole('button', { name: 'Öppna brevet' }).click();
    for (const [width, shown] of [[320, false], [390, false], [999, false], [1000, true], [1280, true]]) {
      await page.setViewportSize({ width, height: 844 });
      assert.equal(await page.locator('aside.list').isVisible(), shown, `the list beside the letter at ${width}`);
      if (shown) continue;
      const [height, ends] = await page.evaluate(() => [
        document.documentElement.scrollHeight,
        document.querySelector('.reader').getBoundingClientRect().bottom + scrollY,
      ]);
      // What follows the letter is the foot of the page, and on a phone the menu.
      assert.ok(height < ends + 400, `${height - ends} px follow the letter at ${width}`);
      assert.ok(height < 2200, `${height} px for a letter of one line at ${width}`);
    }
  }
  await page.close();
});

test('a log-in that has ended says so and shows nothing', { timeout: 60_000 }, async () => {
  const context = await chromium.newContext();
  await context.addCookies([{ name: '__Host-kuvert', value: 'A'.repeat(43), url: house.origin.replace('http:', 'https:'), secure: true, httpOnly: true, sameSite: 'Strict' }]);
  const page = await context.newPage();
  const answer = await page.goto(`${house.origin}/archive`);
  assert.equal(answer.status(), 401);
  await page.getByRole('heading', { name: 'Du har loggats ut' }).waitFor();
  await holds(page, 'an ended log-in');
  await context.close();
});

test('a changed mind at the e-ID comes back with a word of comfort', { timeout: 60_000 }, async () => {
  const page = await chromium.newPage();
  await page.goto(`${house.origin}/`);
  await page.getByRole('link', { name: /Logga in med/ }).first().click();
  await page.getByRole('button', { name: /Avbryt/ }).click();
  await page.getByRole('heading', { name: 'Inloggningen avbröts' }).waitFor();
  await accessible(page, 'a cancelled log-in');
  await page.close();
});

// A delivery of Mina Meddelanden with all that it can hold, from the agency door to the citizen's page.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { browser, demo, holds, logIn, numbers, people, tabTo } from './harness.mjs';

const subject = 'Beslut om tillstånd & avgift';
const members = {
  receipt: 'opened',
  reply: 'requested',
  attention: 'Anna Exempel',
  correlation_id: 'KOM-2026-000481',
  support: { text: 'Ring om något är oklart.\nVi svarar vardagar.', url: 'https://exempel.se/fragor', phone: '000-000 00 20', email: 'fragor@exempel.se' },
  matter: {
    id: 'TIL 2026-88', subject: 'Tillstånd för uteservering', status: 'recipientinitiative',
    event: { id: '7f2c1d9e-33a8-4f0e-9a53-0c7d1b7a4e55', preceding_id: 'e-1', kind: 'Beslut', date: '2026-11-22' },
  },
  metadata: [{ tag: 'Enhet', value: 'Miljöenheten' }, { tag: 'Märkning', value: '<b>rad ett</b>\nrad två' }],
};

let chromium, house;
before(async () => { [chromium, house] = await Promise.all([browser(), demo()]); }, { timeout: 120_000 });
after(async () => { await chromium?.close(); await house?.stop(); });

test('a delivery with everything in it is found, opened by keyboard, read and kept', { timeout: 300_000 }, async (t) => {
  const file = (name, content) => {
    writeFileSync(join(house.data, name), content);
    return join(house.data, name);
  };
  await house.run('send', '--soap', '--data', house.data, '--to', numbers.anna, '--subject', subject,
    '--text', 'Hej Anna,\n\nVi har beslutat i ditt ärende.', '--reference', 'leverans-1', '--members', file('members.json', JSON.stringify(members)),
    '--attach', file('avgift.csv', 'post;kronor\ntillstånd;1200\n'), '--attach', file('villkor.txt', 'Villkor för uteservering.\n'));
  const context = await chromium.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
  const page = await context.newPage();
  await logIn(page, house.origin, people.anna);

  await t.test('before it is opened the reader learns that the sender will know', async () => {
    await page.locator('.row', { hasText: subject }).first().click();
    await page.getByText('Avsändaren får veta när du öppnar brevet.').waitFor();
    await holds(page, 'a delivery before it is opened');
    await page.goto(page.url());
    await tabTo(page, /^Öppna brevet$/);
    await page.keyboard.press('Enter');
    await page.getByText('Äkthet kontrollerad').first().waitFor();
  });

  await t.test('all that the sender wrote is shown, as text', async () => {
    assert.equal((await page.getByRole('heading', { level: 1 }).textContent()).trim(), subject);
    const pairs = async (section) => Object.fromEntries(await page.locator(`section[aria-labelledby="${section}"] dl > div`)
      .evaluateAll((all) => all.map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').textContent])));
    assert.deepEqual(await pairs('matter'), {
      Ärendenummer: 'TIL 2026-88', Händelse: 'Beslut', Datum: '22 november 2026',
      'Händelsens nummer': '7f2c1d9e-33a8-4f0e-9a53-0c7d1b7a4e55', 'Föregående händelse': 'e-1',
    });
    assert.deepEqual(await pairs('notes'), {
      Till: 'Anna Exempel', 'Avsändarens beteckning': 'KOM-2026-000481', Enhet: 'Miljöenheten', Märkning: '<b>rad ett</b>\nrad två',
    });
    const questions = page.locator('section[aria-labelledby="questions"]');
    await questions.getByText('Avsändaren vill ha ett svar.').waitFor();
    await questions.getByText('Vi svarar vardagar.').waitFor();
    const links = await questions.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    assert.deepEqual(links, ['tel:0000000020', 'mailto:fragor@exempel.se', 'https://exempel.se/fragor']);
    await page.getByText('Tillstånd för uteservering, TIL 2026-88').waitFor();
    await page.getByText('Du behöver göra något').waitFor();
    await holds(page, 'an opened delivery');
  });

  await t.test('both files and the signed original can be kept', async () => {
    for (const [name, begins] of [['avgift.csv', 'post;kronor'], ['villkor.txt', 'Villkor']]) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: new RegExp(`^Ladda ner ${name}`) }).click(),
      ]);
      assert.equal(download.suggestedFilename(), name);
      assert.ok(readFileSync(await download.path(), 'utf8').startsWith(begins), name);
    }
    await page.getByText('Så vet du att brevet är äkta').click();
    const [original] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.fold-words').getByRole('link').click(),
    ]);
    assert.match(readFileSync(await original.path(), 'utf8'), /deliverSecure/);
  });

  await t.test('it is found by its matter', async () => {
    await page.goto(`${house.origin}/`);
    await page.getByRole('searchbox').fill('uteservering');
    await page.getByRole('button', { name: 'Sök', exact: true }).click();
    await page.locator('.subject', { hasText: subject }).first().waitFor();
  });
  await context.close();
});

test('a delivery without subject is shown and found as that', { timeout: 120_000 }, async () => {
  await house.run('send', '--soap', '--data', house.data, '--to', numbers.bo, '--subject', '', '--text', 'Utan rubrik.', '--reference', 'leverans-2');
  const page = await chromium.newPage({ viewport: { width: 390, height: 844 } });
  await logIn(page, house.origin, people.bo);
  await page.getByRole('searchbox').fill('utan ämne');
  await page.getByRole('button', { name: 'Sök', exact: true }).click();
  await page.getByText('stämmer med ”utan ämne”').waitFor();
  await page.locator('.row', { hasText: '(utan ämne)' }).first().click();
  await page.getByText('Utan rubrik.').waitFor();
  await page.close();
});

// node firefox.mjs '{"page": URL, "seconds": N}'
// Opens the page of a play (index.html) in Firefox and waits until it has its report, or tells it to give up after N seconds.
// Prints {"report", "session", "givenUp"}: the report, the first session that a request named, and how many requests were broken off. Exit code 1 with the reason
// where there is no report.
import puppeteer from 'puppeteer-core';

const { page: address, seconds } = JSON.parse(process.argv[2]);
// Firefox itself, and a page that gives up, take their time on a busy machine.
const patience = seconds * 1000 + 60_000;

async function play(browser) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  page.setDefaultNavigationTimeout(patience);
  await page.setViewport({ width: 680, height: 400 });
  let session = '';
  let givenUp = 0;
  page.on('request', (request) => (session ||= /[?&]session_id=([A-Za-z0-9_-]{40})/.exec(request.url())?.[1] ?? ''));
  page.on('requestfailed', () => givenUp++);
  await page.goto(address);
  const complete = () => page.waitForFunction(() => window.complete === true, { polling: 100, timeout: patience });
  const giveUp = setTimeout(() => page.evaluate((after) => window.fail(`the play did not end within ${after} s`), seconds).catch(() => {}), seconds * 1000);
  await complete();
  clearTimeout(giveUp);
  return { report: await page.evaluate(() => window.report), session, givenUp };
}

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
  headless: true,
  timeout: patience,
  protocolTimeout: patience,
  extraPrefsFirefox: { 'media.autoplay.default': 0 },
});
try {
  console.log(JSON.stringify(await play(browser)));
} finally {
  await browser.close();
}

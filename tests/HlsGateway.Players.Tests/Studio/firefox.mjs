// node firefox.mjs '{"studio": URL, "token": TOKEN, "file": FILE, "video": ID, "seconds": N}'
// Signs in to the Studio in Firefox, uploads the file by the file input, waits until the video is ready, opens it and plays it to its end.
// Prints {"ended", "time", "frames", "errors": [...]}. Exit code 1 with the reason otherwise, also where it is not done within N seconds.
import puppeteer from 'puppeteer-core';

const { studio, token, file, video, seconds } = JSON.parse(process.argv[2]);
const errors = [];
let step = 'starting Firefox';

async function play(browser) {
  const page = await browser.newPage();
  // The whole is bounded, not each wait.
  page.setDefaultTimeout(0);
  page.setDefaultNavigationTimeout(0);
  page.on('console', (message) => message.type() === 'error' && errors.push(`console: ${message.text()}`));
  // A refused policy comes as one of these.
  page.on('pageerror', (error) => errors.push(`error: ${error}`));

  step = 'signing in';
  await page.goto(new URL('sign-in?next=videos', studio).href);
  const field = await page.waitForSelector('input[name=token]');
  await field.type(token);
  await field.press('Enter');

  step = 'uploading';
  const input = await page.waitForSelector('input[type=file]');
  await input.uploadFile(file);
  step = 'waiting until the video is ready';
  await page.waitForSelector(`[data-video="${video}"][data-status=ready]`);

  step = 'opening the video';
  await page.click(`[data-video="${video}"] a.name`);
  await page.waitForSelector('studio-player video');
  step = 'playing';
  await page.evaluate(() => {
    const media = document.querySelector('studio-player video');
    media.muted = true;
    return media.play();
  });
  await page.waitForFunction(() => {
    const media = document.querySelector('studio-player video');
    return media.ended || media.error;
  });
  return page.evaluate(() => {
    const media = document.querySelector('studio-player video');
    return { ended: media.ended, time: media.currentTime, frames: media.getVideoPlaybackQuality().totalVideoFrames };
  });
}

const until = performance.now() + seconds * 1000;
let browser;
let bound;
try {
  browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    timeout: seconds * 1000,
    protocolTimeout: seconds * 1000,
    extraPrefsFirefox: { 'media.autoplay.default': 0 },
  });
  const late = new Promise((_, reject) => { bound = setTimeout(() => reject(new Error(`not done within ${seconds} s`)), until - performance.now()); });
  console.log(JSON.stringify({ ...await Promise.race([play(browser), late]), errors }));
} catch (error) {
  console.error(`${step}: ${error}\n${errors.join('\n')}`);
  process.exitCode = 1;
} finally {
  clearTimeout(bound);
  await browser?.close();
}

// Watches the key figures of an open Overview; prints a line of JSON whenever all tiles are painted with others:
// {"at": milliseconds since 1970, "values": {measure: text}}. The first line is the page as it opened.
// usage: node bench/arrival.mjs ADDRESS; ends with its input.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const web = createRequire(fileURLToPath(new URL('../web/package.json', import.meta.url)))
const { chromium } = web('playwright-core')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
})

/** Runs in the page: looks at every frame. */
function watch() {
  const figures = () =>
    Object.fromEntries(
      [...document.querySelectorAll('[data-kpi]')].map((one) => [
        one.dataset.kpi,
        one.querySelector('.value').textContent.trim(),
      ]),
    )
  let told = ''
  const look = () => {
    const values = figures()
    const text = JSON.stringify(values)
    const isBusy = document.querySelector('[aria-busy="true"]') !== null
    if (!isBusy && text !== told && Object.values(values).some((one) => one !== '')) {
      told = text
      requestAnimationFrame(() => window.tell(JSON.stringify({ at: Date.now(), values })))
    }
    requestAnimationFrame(look)
  }
  look()
}

const tab = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
await tab.exposeFunction('tell', (line) => console.log(line))
await tab.goto(`${process.argv[2]}/overview`)
await tab.waitForFunction(() => document.querySelectorAll('[data-state="ready"]').length > 5)
await tab.evaluate(watch)
for await (const line of process.stdin) void line
await browser.close()

// Times clicks in Chromium, from the click to the frame after which every tile of the page shows its answer.
// usage: node bench/clicks.mjs ADDRESS CLICKS; prints JSON: page -> [[until what
// is on the screen is painted, until every tile is], ...], in milliseconds.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const web = createRequire(fileURLToPath(new URL('../web/package.json', import.meta.url)))
const { chromium } = web('playwright-core')
const [address, clicks] = [process.argv[2], Number(process.argv[3])]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
})

/** Runs in the page: clicks and waits until nothing (on the screen) is busy and a frame was drawn after that. */
function timed(box) {
  const frame = () => new Promise((done) => requestAnimationFrame(() => done()))
  return new Promise((done) => {
    const start = performance.now()
    box.click()
    const look = async () => {
      await frame()
      const busy = () => [...document.querySelectorAll('[aria-busy="true"]')]
      const isSeen = (tile) => {
        const { top, bottom } = tile.getBoundingClientRect()
        return bottom > 0 && top < innerHeight
      }
      while (busy().some(isSeen)) await frame()
      await frame()
      const seen = performance.now() - start
      if (busy().length === 0) return done([seen, seen])
      while (busy().length > 0) await frame()
      await frame()
      done([seen, performance.now() - start])
    }
    void look()
  })
}

const found = {}
for (const page of ['overview', 'subscribers', 'revenue']) {
  const tab = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
  await tab.goto(`${address}/${page}`)
  await tab.waitForFunction(() => document.querySelectorAll('[data-state="ready"]').length > 3)
  await tab.waitForTimeout(1000)
  found[page] = []
  for (const chip of ['Plan', 'Country', 'Age band']) {
    await tab.getByRole('button', { name: chip, exact: true }).first().click()
    const boxes = tab.locator('.panel input[type=checkbox]')
    await boxes.first().waitFor()
    const count = Math.min(await boxes.count(), 8)
    for (let click = 0; click < clicks / 3; ++click) {
      found[page].push(await boxes.nth(click % count).evaluate(timed))
      await tab.waitForTimeout(50)
    }
    await tab.keyboard.press('Escape')
  }
  await tab.close()
}
await browser.close()
console.log(JSON.stringify(found))

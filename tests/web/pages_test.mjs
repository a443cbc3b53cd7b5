// Every page, at three widths, light and dark: no error, no other host, nothing that axe objects to.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { kAxe, kServer, kThemes, kWidths, open, pagesOf, start, tab } from './browser.mjs'

let browser
before(async () => {
  browser = await start()
})
after(() => browser?.close())

test('every page at every width in both themes', { timeout: 600_000 }, async (t) => {
  const pages = await pagesOf()
  assert.ok(pages.length >= 8, `only ${pages.length} pages`)
  for (const theme of kThemes)
    for (const width of kWidths) {
      const { page, wrong, close } = await tab(browser, { width, theme })
      for (const { page: name } of pages)
        await t.test(`${name} at ${width}, ${theme}`, async () => {
          wrong.length = 0
          await open(page, `/${name}`)
          assert.deepEqual(await page.locator('[data-state=failed]').evaluateAll((all) => all.map((one) => one.dataset.tile)), [])
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          assert.ok(wide <= 0, `the page is ${wide} pixels wider than the window`)
          // Evaluated, not added as a tag: the page's policy allows no script of others.
          await page.evaluate(kAxe)
          const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
          const told = found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`)
          assert.deepEqual(told, [])
          assert.deepEqual(wrong, [])
        })
      await close()
    }
})

test('an unknown page says so', async () => {
  const { page, close } = await tab(browser)
  await page.goto(`${kServer}/no-such-page`)
  await page.getByText('There is no page').waitFor()
  await close()
})

test('the first page costs less than 300 KB before the map', async () => {
  const { page, close } = await tab(browser)
  const wire = await page.context().newCDPSession(page)
  await wire.send('Network.enable')
  const names = new Map()
  let total = 0
  wire.on('Network.responseReceived', (event) => names.set(event.requestId, event.response.url))
  wire.on('Network.loadingFinished', (event) => {
    const url = names.get(event.requestId) ?? ''
    if (!/\/api\/|\/map-/.test(url)) total += event.encodedDataLength
  })
  await open(page, '/')
  assert.ok(total > 50_000, `only ${total} bytes were seen`)
  assert.ok(total < 300 * 1024, `${(total / 1024).toFixed(0)} KB`)
  await close()
})

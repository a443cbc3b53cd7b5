import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

// `REELHOUSE_URL=http://127.0.0.1:8080 npm run dev` draws a running server's numbers.
export default defineConfig({
  plugins: [svelte()],
  // Tests run as a browser would: without it, Svelte's runes resolve to their server half.
  resolve: { conditions: ['browser'] },
  server: { proxy: { '/api': process.env.REELHOUSE_URL ?? 'http://127.0.0.1:8080' } },
  build: {
    target: 'es2022',
    // Nothing inline: the page's policy allows only what the server itself serves.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  test: { include: ['src/**/*.test.ts'] },
})

// Writes a .br and a .gz beside each text file of a built folder, and says what the first page
// costs. The server sends these as they are.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const root = process.argv[2] ?? 'dist'
const text = new Set(['.html', '.js', '.css', '.svg', '.json', '.txt'])

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else yield path
  }
}

const sizes = new Map()
for (const path of [...files(root)]) {
  const kind = extname(path)
  if (kind === '.br' || kind === '.gz') continue
  if (!text.has(kind)) {
    sizes.set(relative(root, path), statSync(path).size)
    continue
  }
  const bytes = readFileSync(path)
  const br = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  })
  writeFileSync(`${path}.br`, br)
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
  sizes.set(relative(root, path), br.length)
}

const html = readFileSync(join(root, 'index.html'), 'utf8')
let first = 0
for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
  const needed = name === 'index.html' || html.includes(name) || name.endsWith('.woff2')
  if (needed) first += size
  console.log(`${(size / 1024).toFixed(1).padStart(8)} KB  ${needed ? '*' : ' '} ${name}`)
}
console.log(`${(first / 1024).toFixed(1).padStart(8)} KB  first page (*), compressed`)

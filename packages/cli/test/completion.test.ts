import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { complete } from '../src/completion.ts'
import { foldersOf } from '../src/folders.ts'
import { initialised } from './fixtures.ts'
import { BIN, type Home } from './program.ts'

/** What is offered for a command line whose last word is being typed. */
async function offered(line: string, home: string): Promise<{ words: string[]; mode: string }> {
  const offers = await complete(line.split(' ').slice(1), foldersOf({ STRONGROOM_HOME: home }, '/', 'linux'))
  return { words: offers.words.map(({ value }) => value), mode: offers.mode }
}

suite('what is offered', () => {
  const CASES: readonly (readonly [line: string, words: readonly string[], mode?: string])[] = [
    ['strongroom se', ['seal']],
    ['strongroom comp', ['completion']],
    ['strongroom key ', ['new', 'list', 'show', 'export', 'import', 'delete']],
    ['strongroom seal --no', ['--no-self', '--no-deposit']],
    ['strongroom seal ', [], 'files'],
    ['strongroom seal -q x --output ', [], 'files'],
    ['strongroom seal --output-folder ', [], 'folders'],
    ['strongroom init --profile ', ['pq', 'classic']],
    ['strongroom completion ', ['bash', 'zsh', 'fish']],
    ['strongroom seal -c ', ['default']],
    ['strongroom container show d', ['default']],
    ['strongroom nothing ', []],
    ['strongroom key list x', []],
  ]
  for (const [line, words, mode = 'words'] of CASES) {
    test(line, async (t) => {
      const home = initialised(t)
      assert.deepEqual(await offered(line, home.home), { words, mode })
    })
  }

  test('aliases, where there are any', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    await home.ok(['container', 'export', '-o', 'card'])
    await home.ok(['signer', 'add', 'bob', 'card'])
    assert.deepEqual(await offered('strongroom open --signer ', home.home), { words: ['bob'], mode: 'words' })
    assert.deepEqual(await offered('strongroom seal -r b', home.home), { words: ['bob'], mode: 'files' })
  })
})

/** A shell in a folder with two files, in which `strongroom` is installed. */
function inShell(home: Home, shell: string, script: string): string {
  mkdirSync(home.path('bin'), { recursive: true })
  symlinkSync(BIN, home.path('bin/strongroom'))
  home.write('report one.pdf', 'x')
  const env = { ...home.environment, PATH: `${home.path('bin')}:${home.environment['PATH']}`, TERM: 'dumb' }
  const run = spawnSync(shell, ['-c', script], { cwd: home.folder, env, encoding: 'utf8' })
  assert.equal(run.stderr, '')
  return run.stdout
}

suite('shells', () => {
  test('bash', (t) => {
    if (spawnSync('bash', ['--version']).error) return t.skip('needs bash')
    const script = `
      source <(strongroom completion bash); source <(strongroom completion bash)
      ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _strongroom; echo "\${COMPREPLY[*]}"; }
      ask strongroom se; ask strongroom key n; ask strongroom open --allow-s; ask strongroom seal '$(touch evaluated)' ''
      complete -p strongroom; ls evaluated 2>&1`
    const [first, second, third, files, registered, evaluated] = inShell(
      initialised(t),
      'bash',
      script,
    ).split('\n')
    assert.deepEqual([first, second, third], ['seal', 'new', '--allow-superseded'])
    assert.equal(files, '', 'nothing of ours: the shell offers files')
    assert.match(registered ?? '', /-o default/)
    assert.match(evaluated ?? '', /cannot access|No such file/, 'what was typed is not run')
  })

  test('fish', (t) => {
    if (spawnSync('fish', ['--version']).error) return t.skip('needs fish')
    const script = `
      strongroom completion fish | source
      complete -C 'strongroom se'; complete -C 'strongroom open rep'; complete -C 'strongroom key n'`
    const lines = inShell(initialised(t), 'fish', script).split('\n')
    assert.equal(lines[0], 'seal\tencrypt and sign files')
    assert.match(lines[1] ?? '', /^report\\? one\.pdf/)
    assert.match(lines[2] ?? '', /^new\t/)
  })

  test('zsh', (t) => {
    if (spawnSync('zsh', ['--version']).error) return t.skip('needs zsh')
    const script = `
      autoload -Uz compinit; compinit -D -u
      _describe() { print -r -- "\${(P)2}"; }; _files() { print files; }
      source <(strongroom completion zsh)
      print -r -- $_comps[strongroom]
      words=(strongroom se); CURRENT=2; _strongroom
      words=(strongroom open ''); CURRENT=3; _strongroom`
    const lines = inShell(initialised(t), 'zsh', script).split('\n')
    assert.deepEqual(lines.slice(0, 3), ['_strongroom', 'seal:encrypt and sign files', 'files'])
  })
})

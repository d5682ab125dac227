import { execFileSync, execSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Lines for sh that seal and open one file with the tools people have; one recipient each. */
export interface Rivals {
  readonly cp: Rival
  readonly opensslCtr: Rival
  readonly age: Rival
  readonly ageMinisign: Rival
  readonly gpgSigned: Rival
  readonly ageNpm: Rival
  /** A line that decrypts with the owner's key and encrypts to another one. */
  rewrapByAge(sealed: string, output: string): string
  /** Ends what the rivals left running. */
  close(): void
}

export interface Rival {
  readonly name: string
  seal(input: string, output: string): string
  open(sealed: string, output: string): string
  /** Everything that a seal leaves beside its output. */
  readonly besides: readonly string[]
}

const AGE_NPM = `${process.execPath} ${fileURLToPath(new URL('age-npm.ts', import.meta.url))}`

/** Makes keys without passphrases for every rival in a new folder `keys` below `folder`. */
export function setUpRivals(folder: string): Rivals {
  const keys = join(folder, 'keys')
  mkdirSync(keys, { mode: 0o700 })
  const [owner, other] = [ageKey(join(keys, 'owner.txt')), ageKey(join(keys, 'other.txt'))]
  const minisign = { secret: join(keys, 'minisign.key'), public: join(keys, 'minisign.pub') }
  execFileSync('minisign', ['-G', '-W', '-s', minisign.secret, '-p', minisign.public], { stdio: 'ignore' })
  const gpg = gpgHome(join(keys, 'gpg'))
  const password = `-pass pass:benchmark -pbkdf2 -iter 1`
  return {
    cp: same('cp', (from, to) => `cp ${from} ${to}`),
    opensslCtr: {
      ...same(
        'openssl aes-256-ctr (no integrity)',
        (from, to) => `openssl enc -aes-256-ctr ${password} -in ${from} -out ${to}`,
      ),
      open: (from, to) => `openssl enc -d -aes-256-ctr ${password} -in ${from} -out ${to}`,
    },
    age: {
      name: 'age',
      seal: (from, to) => `age -r ${owner.recipient} -o ${to} ${from}`,
      open: (from, to) => `age -d -i ${owner.path} -o ${to} ${from}`,
      besides: [],
    },
    ageMinisign: {
      name: 'age + minisign',
      seal: (from, to) =>
        `age -r ${owner.recipient} -o ${to} ${from} && minisign -S -W -s ${minisign.secret} -m ${to}`,
      open: (from, to) =>
        `minisign -V -q -p ${minisign.public} -m ${from} && age -d -i ${owner.path} -o ${to} ${from}`,
      besides: ['.minisig'],
    },
    gpgSigned: {
      name: 'gpg -se',
      seal: (from, to) => `${gpg.line} -z 0 -s -e -r owner -o ${to} ${from}`,
      open: (from, to) => `${gpg.line} -d -o ${to} ${from}`,
      besides: [],
    },
    ageNpm: {
      name: 'age-encryption (npm)',
      seal: (from, to) => `${AGE_NPM} seal ${owner.recipient} ${from} ${to}`,
      open: (from, to) => `${AGE_NPM} open ${owner.identity} ${from} ${to}`,
      besides: [],
    },
    rewrapByAge: (from, to) => `age -d -i ${owner.path} ${from} | age -r ${other.recipient} -o ${to}`,
    close: () => execFileSync('gpgconf', ['--homedir', gpg.home, '--kill', 'all'], { stdio: 'ignore' }),
  }
}

function same(name: string, line: (from: string, to: string) => string): Rival {
  return { name, seal: line, open: line, besides: [] }
}

function ageKey(path: string): { path: string; identity: string; recipient: string } {
  execFileSync('age-keygen', ['-o', path], { stdio: 'ignore' })
  const recipient = execFileSync('age-keygen', ['-y', path], { encoding: 'utf8' }).trim()
  const identity = execSync(`grep AGE-SECRET-KEY ${path}`, { encoding: 'utf8' }).trim()
  return { path, identity, recipient }
}

function gpgHome(home: string): { home: string; line: string } {
  mkdirSync(home, { mode: 0o700 })
  const line = `gpg --homedir ${home} --batch --yes --quiet --trust-model always --cipher-algo AES256`
  const passphraseless = "--pinentry-mode loopback --passphrase ''"
  execSync(`${line} ${passphraseless} --quick-generate-key owner ed25519 sign never`, { stdio: 'ignore' })
  const listed = execSync(`${line} --with-colons --list-keys owner`, { encoding: 'utf8' })
  const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? ''
  execSync(`${line} ${passphraseless} --quick-add-key ${fingerprint} cv25519 encr never`, { stdio: 'ignore' })
  return { home, line }
}

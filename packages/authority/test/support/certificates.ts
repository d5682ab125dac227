import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate and its key, in PEM. */
export interface Certified {
  readonly certificate: string
  readonly key: string
}

/** Whether certificates can be made here. */
export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0
}

/** A certificate authority of tests, made by OpenSSL's command. */
export class TestCa {
  readonly #folder = mkdtempSync(join(tmpdir(), 'strongroom-ca-'))
  readonly certificate: string
  #count = 0

  constructor(name: string) {
    this.certificate = this.#make('ca', name, ['-addext', 'basicConstraints=critical,CA:TRUE']).certificate
  }

  /** A certificate for this machine, or for a client. */
  issue(name: string): Certified {
    return this.#make(`issued-${++this.#count}`, name, [
      '-CA',
      this.#path('ca.pem'),
      '-CAkey',
      this.#path('ca.key'),
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-addext',
      'basicConstraints=CA:FALSE',
    ])
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #make(file: string, name: string, more: readonly string[]): Certified {
    const [pem, key] = [this.#path(`${file}.pem`), this.#path(`${file}.key`)]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    const words = ['req', '-x509', ...kind, '-subj', `/CN=${name}`, '-out', pem, '-keyout', key, ...more]
    const { status, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ended with ${status}: ${stderr}`)
    return { certificate: readFileSync(pem, 'utf8'), key: readFileSync(key, 'utf8') }
  }
}

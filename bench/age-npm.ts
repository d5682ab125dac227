/** The npm package age-encryption as a program: node age-npm.ts seal|open <key> <input> <output>. */
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { Decrypter, Encrypter } from 'age-encryption'

const [action = '', key = '', input = '', output = ''] = process.argv.slice(2)
const bytes: ReadableStream<Uint8Array> = Readable.toWeb(createReadStream(input))
const result = action === 'seal' ? await sealed() : await opened()
await result.pipeTo(Writable.toWeb(createWriteStream(output)))

async function sealed(): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(key)
  return await encrypter.encrypt(bytes)
}

async function opened(): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(key)
  return await decrypter.decrypt(bytes)
}

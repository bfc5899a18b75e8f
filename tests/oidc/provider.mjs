// An OpenID Connect provider on 127.0.0.1: `node provider.mjs PORT [post]`. With `post`, clients must show their secret in
// the body of a request for a token, else in its header.
//
// One client, `sidecar` with the secret `s3cret/+&`, may use client credentials and the authorization code flow; tokens
// for the resource `urn:api` are JWTs. `POST /rotate` makes a new signing key and forgets the old one, as if the keys
// had been rotated. The login and consent pages are answered without a person, for the account `alice`.
import { createServer } from 'node:http'
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { Provider } from 'oidc-provider'

const port = Number(process.argv[2])
const issuer = `http://127.0.0.1:${port}`
const basic = process.argv[3] !== 'post'

async function key(id) {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: 'RS256' }
}

async function provider(id) {
  return new Provider(issuer, {
    clients: [{
      client_id: 'sidecar',
      client_secret: 's3cret/+&',
      grant_types: ['authorization_code', 'client_credentials'],
      redirect_uris: [`${issuer}/callback`, 'http://sidecar.test/v1.0/invoke/app/method/x'],
      response_types: ['code'],
      token_endpoint_auth_method: basic ? 'client_secret_basic' : 'client_secret_post',
    }],
    jwks: { keys: [await key(id)] },
    cookies: { keys: ['cookies of a test'] },
    scopes: ['read', 'write'],
    pkce: { required: () => true },
    ttl: { ClientCredentials: 600, AccessToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:api',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: 'read write', audience: 'urn:api', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } }),
      },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  })
}

let current = await provider('one')
let count = 1

async function consent(request, response) {
  const details = await current.interactionDetails(request, response)
  let result = { login: { accountId: 'alice' } }
  if (details.prompt.name === 'consent') {
    const grant = new current.Grant({ accountId: details.session.accountId, clientId: details.params.client_id })
    grant.addOIDCScope('openid read write')
    grant.addResourceScope('urn:api', 'read write')
    result = { consent: { grantId: await grant.save() } }
  }
  await current.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
}

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'POST' && request.url === '/rotate') {
      current = await provider(`key-${++count}`)
      response.end()
    } else if (request.url === '/token' && basic !== ('authorization' in request.headers)) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}')
    } else if (request.url.startsWith('/interaction/')) {
      await consent(request, response)
    } else {
      current.callback()(request, response)
    }
  } catch (error) {
    response.statusCode = 500
    response.end(String(error))
  }
})
server.listen(port, '127.0.0.1', () => console.log('the provider listens'))

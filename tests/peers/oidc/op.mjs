// The certified oidc-provider as a Swedish e-ID: the claims and scopes of OIDC Sweden, loa3, signed userinfo.
//
// Prints one line of JSON when it listens: its issuer, and the private keys of the clients that sign their own
// assertions. Ends when its standard input closes, so it does not outlive the test that started it.
//
//   --id-token-claims   puts the person's claims into the ID token too
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';

const CALLBACK = 'https://kuvert.example.se/eid/callback';
const LOA3 = 'http://id.elegnamnden.se/loa/1.0/loa3';
const LOA2 = 'http://id.elegnamnden.se/loa/1.0/loa2';
const NUMBER = 'https://id.oidc.se/claim/personalIdentityNumber';
const COORDINATION = 'https://id.oidc.se/claim/coordinationNumber';
const ALGS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];

const people = {
  anna: { [NUMBER]: '198101052382', given_name: 'Anna', family_name: 'Exempelsson', name: 'Anna Exempelsson' },
  sam: { [COORDINATION]: '197010632391', given_name: '-', family_name: 'Samuelsson' },
};

const key = (type, options) => {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    private: privateKey.export({ format: 'jwk' }),
    public: publicKey.export({ format: 'jwk' }),
  };
};
const ours = {
  ec: key('ec', { namedCurve: 'P-256' }),
  ec384: key('ec', { namedCurve: 'P-384' }),
  rsa: key('rsa', { modulusLength: 2048 }),
  ed: key('ed25519'),
};
const theirs = {
  jwt_ec: { alg: 'ES256', ...key('ec', { namedCurve: 'P-256' }) },
  jwt_rsa: { alg: 'PS256', ...key('rsa', { modulusLength: 2048 }) },
  jwt_ed: { alg: 'EdDSA', ...key('ed25519') },
};

const client = (client_id, alg, more) => ({
  client_id,
  redirect_uris: [CALLBACK],
  id_token_signed_response_alg: alg,
  userinfo_signed_response_alg: alg,
  ...more,
});
const secret = { client_secret: 'a secret: with + and % and & in it, 48 characters' };
const assertion = (id) => ({
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: theirs[id].alg,
  jwks: { keys: [{ ...theirs[id].public, kid: `${id}-1`, use: 'sig', alg: theirs[id].alg }] },
});

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  jwks: { keys: Object.values(ours).map((pair) => pair.private) },
  clients: [
    client('basic', 'ES256', { ...secret, token_endpoint_auth_method: 'client_secret_basic' }),
    client('post', 'PS256', { ...secret, token_endpoint_auth_method: 'client_secret_post' }),
    client('public', 'RS256', { token_endpoint_auth_method: 'none' }),
    client('es384', 'ES384', { ...secret, token_endpoint_auth_method: 'client_secret_basic' }),
    client('plain', 'ES256', { token_endpoint_auth_method: 'none', userinfo_signed_response_alg: undefined }),
    client('jwt_ec', 'EdDSA', assertion('jwt_ec')),
    client('jwt_rsa', 'Ed25519', assertion('jwt_rsa')),
    client('jwt_ed', 'ES256', assertion('jwt_ed')),
  ],
  acrValues: [LOA3, LOA2],
  claims: {
    openid: ['sub'],
    acr: null,
    auth_time: null,
    'https://id.oidc.se/scope/naturalPersonNumber': [NUMBER, COORDINATION],
    'https://id.oidc.se/scope/naturalPersonInfo': ['given_name', 'family_name', 'name'],
  },
  conformIdTokenClaims: !process.argv.includes('--id-token-claims'),
  cookies: { keys: [randomBytes(16).toString('hex')] },
  enabledJWA: {
    idTokenSigningAlgValues: ALGS,
    userinfoSigningAlgValues: ALGS,
    clientAuthSigningAlgValues: ALGS,
  },
  features: {
    devInteractions: { enabled: false },
    jwtUserinfo: { enabled: true },
    claimsParameter: { enabled: true },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
});

const form = (uid, prompt) => `<!doctype html><form method="post" action="/interaction/${uid}">
<input type="hidden" name="prompt" value="${prompt}"><input name="login"><button>OK</button></form>`;

async function interact(req, res) {
  const { uid, prompt, params, session } = await provider.interactionDetails(req, res);
  if (req.method !== 'POST') {
    res.setHeader('content-type', 'text/html');
    return res.end(form(uid, prompt.name));
  }
  let body = '';
  for await (const part of req) body += part;
  const given = new URLSearchParams(body);
  if (given.has('abort')) {
    return provider.interactionFinished(req, res, { error: 'access_denied' });
  }
  if (prompt.name === 'login') {
    const acr = given.get('acr') ?? params.acr_values?.split(' ')[0];
    return provider.interactionFinished(req, res, { login: { accountId: given.get('login'), acr } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

const rest = provider.callback();
server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) return rest(req, res);
  interact(req, res).catch((error) => {
    res.statusCode = 500;
    res.end(String(error));
  });
});

const client_keys = Object.fromEntries(Object.entries(theirs).map(([id, pair]) => [id, pair.pem]));
process.stdout.write(`${JSON.stringify({ issuer, callback: CALLBACK, client_secret: secret.client_secret, client_keys })}\n`);
process.stdin.resume().on('end', () => process.exit(0));

// A real identity provider for the tests. Its argument is JSON:
// { port, key, accounts: {name: claims}, callback, back, idTokenS, inToken }
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const given = JSON.parse(process.argv[2]);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: given.key, use: "sig" };
const client = { redirect_uris: [given.callback], post_logout_redirect_uris: [given.back] };
const settings = {
  jwks: { keys: [key] },
  clients: [
    { ...client, client_id: "ksys", client_secret: "the secret of the app" },
    { ...client, client_id: "ksys-public", token_endpoint_auth_method: "none" },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
  // Else the claims of a scope are not in the ID token, but at the endpoint about the person.
  conformIdTokenClaims: !given.inToken,
  cookies: { keys: ["of the tests"] },
  ttl: { IdToken: given.idTokenS ?? 600, AccessToken: 600, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, ...given.accounts[id] }),
  }),
};

const server = createServer();
server.listen(given.port ?? 0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  server.on("request", new Provider(issuer, settings).callback());
  console.log(`ready: ${issuer}`);
});

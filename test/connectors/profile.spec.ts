import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { assertGranted, assertIssuer } from '../../src/connectors/authorization-response.js';
import { httpsUrl, optionalText } from '../../src/connectors/profile.js';

describe('text of a profile', () => {
  it.each([
    ['plain', 'Alice', 'Alice'],
    ['decomposed, is composed (XS-05)', 'Zoe\u0308', 'Zoë'],
    ['emoji of several code points (XS-05)', '👩‍🚀', '👩‍🚀'],
    ['surrounded by space', '  a  ', 'a'],
    ['empty', '', undefined],
    ['too long', 'x'.repeat(513), undefined],
    ['an object (XS-08)', { a: 1 }, undefined],
    ['a number', 5, undefined],
    ['null', null, undefined],
    ['absent', undefined, undefined],
  ])('%s', (_, given, kept) => {
    expect(optionalText.parse(given)).toBe(kept);
  });
});

describe('a picture of a profile', () => {
  it.each([
    ['https://pictures.example.test/a.png', true],
    ['http://pictures.example.test/a.png', false],
    ['javascript:alert(1)', false],
    ['data:text/html,x', false],
    ['//pictures.example.test/a.png', false],
    ['nonsense', false],
    [['https://a.test'], false],
  ])('%p is kept: %p (XS-02)', (given, kept) => {
    expect(z.object({ picture: httpsUrl }).parse({ picture: given }).picture).toBe(kept ? given : undefined);
  });
});

describe('the issuer of a callback', () => {
  const issuer = 'https://issuer.example.test/oidc';

  it.each([
    ['as promised', `iss=${encodeURIComponent(issuer)}`, true, true],
    ['unasked, but right', `iss=${encodeURIComponent(issuer)}`, false, true],
    ['absent where none was promised', '', false, true],
    ['absent though promised (CB-12)', '', true, false],
    ['another (CB-11)', 'iss=https%3A%2F%2Fevil.example', false, false],
    ['with a suffix', `iss=${encodeURIComponent(issuer)}%2F`, true, false],
    ['twice', `iss=${encodeURIComponent(issuer)}&iss=https%3A%2F%2Fevil.example`, true, false],
    ['empty', 'iss=', true, false],
  ])('%s', (_, query, promised, accepted) => {
    const judge = () =>
      assertIssuer(new URLSearchParams(query), {
        issuer,
        authorization_response_iss_parameter_supported: promised,
      });
    if (accepted) expect(judge).not.toThrow();
    else expect(judge).toThrow(expect.objectContaining({ code: 'auth.iss_mismatch' }));
  });
});

describe('the outcome of a callback', () => {
  it.each([
    ['code=abc', undefined],
    ['', 'auth.callback_invalid'],
    ['code=', 'auth.callback_invalid'],
    ['code=a&code=b', 'auth.callback_invalid'],
    ['error=access_denied&error_description=no', 'auth.access_denied'],
    ['error=access_denied&code=abc', 'auth.access_denied'],
    ['error=login_required', 'auth.access_denied'],
    ['error=temporarily_unavailable', 'connector.provider_unavailable'],
    ['error=invalid_scope', 'connector.misconfigured'],
    ['error=__proto__', 'auth.callback_invalid'],
    ['error=constructor', 'auth.callback_invalid'],
    ['error=%3Cscript%3E&error_description=%3Cscript%3E', 'auth.callback_invalid'],
  ])('%s', (query, code) => {
    const judge = () => assertGranted(new URLSearchParams(query));
    if (code === undefined) expect(judge).not.toThrow();
    else
      expect(judge).toThrow(
        expect.objectContaining({ code, message: expect.not.stringContaining('script') }),
      );
  });
});

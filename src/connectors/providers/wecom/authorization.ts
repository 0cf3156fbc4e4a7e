import { LatchkeyError } from '../../../common/errors.js';
import type { AuthorizationCallback, AuthorizationRequest } from '../../connector.js';
import { wantedScope } from '../../scope.js';
import type { WecomConfig } from './config.js';

/** Where to send a browser: WeCom's own has a page of its own, which alone knows scopes. */
export function pageFor(config: WecomConfig, request: AuthorizationRequest): URL {
  const inApp = /wxwork/i.test(request.userAgent ?? '');
  const url = new URL(inApp ? config.inAppEndpoint : config.qrEndpoint);
  url.search = new URLSearchParams({
    appid: config.corpId,
    agentid: config.agentId,
    redirect_uri: request.redirectUri,
    state: request.state,
    ...(inApp ? { response_type: 'code', scope: scopeOf(config, request) } : CORPORATE),
  } satisfies Record<string, string>).toString();
  url.hash = 'wechat_redirect';
  return url;
}

const CORPORATE: Readonly<Record<string, string>> = { login_type: 'CorpApp' };

/**
 * WeCom knows one scope at a time: `snsapi_base` lets people through without asking and tells their id and name,
 * `snsapi_privateinfo` asks them for picture, address and number. Without these a profile is empty, so that is the
 * default; `snsapi_userinfo`, Logto's, is none of WeCom's: https://developer.work.weixin.qq.com/document/path/91022
 */
function scopeOf({ scope: configured }: WecomConfig, request: AuthorizationRequest): string {
  const wanted = wantedScope({ configured, byDefault: [PRIVATE], request });
  return wanted.find((scope) => scope === PRIVATE) ?? wanted[0] ?? 'snsapi_base';
}

const PRIVATE = 'snsapi_privateinfo';

/** Whoever refuses is sent back without a code. After a scan, the callback names the company too. */
export function codeOf({ corpId }: WecomConfig, { parameters, state }: AuthorizationCallback): string {
  if (parameters.getAll('state').join() !== state)
    throw new LatchkeyError('auth.state_invalid', 'The sign-in was not started here.');
  if (parameters.getAll('appid').some((appid) => appid !== corpId))
    throw new LatchkeyError('auth.iss_mismatch', 'The answer does not come from the company that was asked.');
  const [code, ...more] = parameters.getAll('code');
  if (!code || parameters.has('error'))
    throw new LatchkeyError('auth.access_denied', 'The sign-in was cancelled.');
  if (more.length > 0)
    throw new LatchkeyError(
      'auth.callback_invalid',
      'The answer of the provider carries more than one code.',
    );
  return code;
}

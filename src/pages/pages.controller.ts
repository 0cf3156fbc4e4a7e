import { Controller, Get, Header, Inject, Req, Res, UseGuards } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth/auth.options.js';
import { CsrfTokens } from '../auth/session/csrf.js';
import { Logto } from '../auth/logto/logto.js';
import { OneTapService, type OneTapOffer } from '../auth/one-tap/one-tap.service.js';
import { queryOf } from '../auth/sign-in/query.js';
import { Destinations } from '../auth/sign-in/destinations.js';
import { SessionGuard, type RequestWithSession } from '../auth/session/session.guard.js';
import { Sessions } from '../auth/session/sessions.js';
import { Clock } from '../common/clock.js';
import { OptionalAuth, Public } from '../common/current-user.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../connectors/connector.registry.js';
import { IdentitiesService } from '../identities/identities.service.js';
import { TokenVaultService } from '../token-vault/token-vault.service.js';
import { policyWithForms, policyWithPrompt } from './content-security-policy.js';
import { homePage, welcomePage } from './home.page.js';
import { accountsOf } from './home.view.js';
import { ICON } from './layout.js';
import { sessionViews } from './sessions.section.js';
import { signInPage } from './sign-in.page.js';
import { STYLESHEET, STYLESHEET_PATH } from './stylesheet.js';

const HTML = 'text/html; charset=utf-8';

/** The pages that people see. */
@Controller()
@UseGuards(SessionGuard)
export class PagesController {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    private readonly identities: IdentitiesService,
    private readonly vault: TokenVaultService,
    private readonly connectors: ConnectorRegistry,
    private readonly logto: Logto,
    private readonly sessions: Sessions,
    private readonly csrfTokens: CsrfTokens,
    private readonly destinations: Destinations,
    private readonly oneTap: OneTapService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @OptionalAuth()
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async home(
    @Req() { latchkeySession: session }: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<string> {
    if (!session) return welcomePage();
    const connectors = await this.connectors.list();
    this.allowForms(response, connectors);
    const { user } = session;
    const [identities, tokenSets, records] = await Promise.all([
      this.identities.list(user.id),
      this.vault.list(user.id),
      this.sessions.ofUser(user.id),
    ]);
    const now = this.clock.now();
    const facts = { identities, tokenSets, connectors, now };
    const sessions = sessionViews(records, session.id, now);
    const { baseUrl } = this.options;
    return homePage({
      user,
      ...accountsOf(facts),
      sessions,
      csrfToken: this.csrfTokens.of(session),
      baseUrl,
    });
  }

  @Get('sign-in')
  @Public()
  @Header('Content-Type', HTML)
  @Header('Cache-Control', 'no-store')
  async signIn(
    @Req() request: RequestWithSession,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<string> {
    const connectors = await this.connectors.list();
    const choices = connectors.map(({ instance: { id, name, target } }) => ({ id, name, target }));
    const returnTo = this.destinations.wanted(queryOf(request));
    const offer = await this.oneTap.offer(request, response, returnTo);
    if (offer) this.allowPrompt(response, offer);
    return signInPage(choices, returnTo, offer);
  }

  @Get(STYLESHEET_PATH)
  @Public()
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  stylesheet(): string {
    return STYLESHEET;
  }

  @Get('assets/latchkey.svg')
  @Public()
  @Header('Content-Type', 'image/svg+xml')
  @Header('Cache-Control', 'public, max-age=86400')
  icon(): string {
    return ICON;
  }

  /** The prompt may open a window of Google's, which has to find its way back (COOP). */
  private allowPrompt(response: unknown, { scriptUrl }: OneTapOffer): void {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Content-Security-Policy', policyWithPrompt(scriptUrl));
    httpAdapter.setHeader(response, 'Cross-Origin-Opener-Policy', 'same-origin-allow-popups');
    httpAdapter.setHeader(response, 'Referrer-Policy', 'strict-origin-when-cross-origin');
  }

  /** Chromium holds `form-action` against the whole chain of redirects that a form starts, and ours lead to providers. */
  private allowForms(response: unknown, connectors: readonly ConfiguredConnector[]): void {
    const providers = connectors.flatMap(({ connector, instance }) => [...connector.formOrigins(instance)]);
    const policy = policyWithForms([...this.logto.relyingParty.origins, ...providers]);
    this.host.httpAdapter.setHeader(response, 'Content-Security-Policy', policy);
  }
}

// The scenes of the operator's console: each state that its user can meet, with invented desks and people.
import type { Page } from "playwright-core";
import type { Play, Schemas, Snapshot, Stage } from "./stage.ts";

export interface Scene {
  name: string;
  sound?: "good" | "none" | "refused" | "asking" | "failing"; // what the browser says of the microphone
  page?: "console" | "glass";
  play: Play;
  after?: (page: Page, stage: Stage) => Promise<void>; // what the person does before one looks
  sees?: { ja: string; en: string }; // must stand on the page
  fits?: true; // a desktop's window shows all of it
}

export const now = "2026-11-24T05:00:00.000000Z";
const before = (seconds: number): string => new Date(Date.parse(now) - seconds * 1000).toISOString();

const session: Schemas["Session"] = {
  account_id: "a1", name: "hana", display_name: "花田", role: "operator", operator_id: "hana", organisation_id: null,
  csrf_token: "t", expires_at: before(-36000),
};
const leader: Schemas["Session"] = { ...session, account_id: "a2", name: "suzu", display_name: "鈴木", role: "supervisor", operator_id: null };

const desk = (id: string, name: string, organisation: string, greeting: string): Schemas["Desk"] => ({
  id, name, organisation_id: id, organisation_name: organisation, group_id: "g1", numbers: ["+81300000001"], shown_number: "+81300000001",
  answer: "when_free", callback: "ask", recorded: true, announce_place: false, open: true, next_change: before(-14400), waiting: 0,
  texts: {
    greeting, closed: "本日の受付は終了いたしました。", callback_offer: "", callback_thanks: "", callback_announcement: "",
    notice: "この通話は、正確な対応のため録音しております。録音を望まれない方は、9を押してください。",
  },
  prompts: { greeting: "p1", notice: "p2", waiting: "", hold: "", closed: "", callback_offer: "", callback_thanks: "", callback_digits: "", unrecorded: "", callback_announcement: "" },
  unspoken: [],
});
const desks = [
  desk("sakura", "さくら信販 漏えい窓口", "さくら信販", "お電話ありがとうございます。さくら信販、お客様情報専用窓口でございます。このたびは、ご心配とご迷惑をおかけし、誠に申し訳ございません。"),
  desk("common", "共通窓口", "やまびこ情報サービス", "お電話ありがとうございます。お客様情報ご相談窓口でございます。"),
  desk("long", "株式会社みなとライフアシストサービス西日本 個人情報漏えい（おそれ）に関するお客様ご相談専用窓口", "株式会社みなとライフアシストサービス西日本",
    "お電話ありがとうございます。みなとライフアシストサービス西日本、お客様ご相談専用窓口でございます。".repeat(3)),
];

const operator = (id: string, name: string, over: Partial<Schemas["Operator"]> = {}): Schemas["Operator"] => ({
  id, display_name: name, groups: ["g1"], state: "ready", away_reason: null, since: before(130), call_id: null, next_state: null,
  seat_connected: true, phone_registered: false, own_phone: false, ...over,
});
const group = (over: Partial<Schemas["Group"]> = {}): Schemas["Group"] => ({
  id: "g1", name: "一次対応", waiting: 0, longest_wait_since: null, ready: 2, talking: 0, wrap_up: 0, away: 0, ...over,
});
const call = (over: Partial<Schemas["Call"]> = {}): Schemas["Call"] => ({
  id: "c1", direction: "in", desk_id: "sakura", organisation_id: "sakura", number_called: "+81300000001", line_token: "lt-7dewc28m",
  withheld: false, stage: "talking", operator_id: "hana", consulting_operator_id: null, held: false, muted: false, recording: "on",
  arrived_at: before(274), stage_since: before(252), talking_since: before(252), ended_at: null, end_cause: null, outcome: null,
  disposition: null, promise_id: null, ...over,
});
const promise = (n: number, over: Partial<Schemas["Promise"]> = {}): Schemas["Promise"] => ({
  id: `p${n}`, desk_id: n % 3 === 2 ? "common" : "sakura", organisation_id: "sakura", line_token: "lt-7dewc28m", basis: "key", line: n % 4 === 3 ? "other" : "own",
  state: "open", asked_at: before(7200 - n * 60), deadline: before(2400 - n * 1500), missed: 0, asks: 1, attempts: n % 3, operator_id: null,
  call_id: null, kept_how: null, closed_reason: null, settled_at: null, stated_reason: null, ...over,
});
const counts = (arrived: number, over: Partial<Schemas["BalanceCounts"]> = {}): Schemas["BalanceCounts"] => ({
  arrived, in_progress: 0, talked: arrived, abandoned: 0, callback: 0, out_of_hours: 0, declined: 0, cut_off: 0, lost: 0, settled: 0,
  talking_now: 0, cut_off_talking: 0, withheld: 0,
  promises: { asked: 0, merged: 0, open: 0, kept_by_ringing: 0, kept_by_caller: 0,
    without_success: { attempts_exhausted: 0, declined: 0, wrong_number: 0, not_permitted: 0, withdrawn: 0, staff: 0 } },
  ...over,
});
const quiet: Schemas["Balance"] = { day: "2026-11-24", exact: true, total: counts(0), desks: desks.map((one) => ({ desk_id: one.id, counts: counts(0) })) };
const busyCounts = counts(7230, { talked: 6804, abandoned: 211, callback: 160, out_of_hours: 41, declined: 3, in_progress: 11, lost: 38, settled: 173,
  promises: { asked: 190, merged: 30, open: 47, kept_by_ringing: 88, kept_by_caller: 21, without_success: { attempts_exhausted: 2, declined: 1, wrong_number: 1, not_permitted: 0, withdrawn: 0, staff: 0 } } });
const busyDay: Schemas["Balance"] = { day: "2026-11-24", exact: true, total: busyCounts, desks: [
  { desk_id: "sakura", counts: busyCounts }, { desk_id: "common", counts: counts(0) }, { desk_id: "long", counts: counts(0) } ] };

const link = (connected: boolean): Schemas["Connection"] => ({ connected, since: before(3600), detail: "" });
const status = (over: Partial<Schemas["Status"]> = {}): Schemas["Status"] => ({
  version: "0.1.0", demo: true, exchange: link(true), vault: link(true), store: link(true), troubles: [], guarantee: "", glass_url: "GLASS",
  https: false, live_calls: 1, ...over,
});
const choices: Schemas["Choices"] = {
  away_reasons: [["break", "休憩", "Break"], ["meal", "食事", "Meal"], ["meeting", "打ち合わせ", "Meeting"], ["training", "研修", "Training"], ["desk_work", "事務作業", "Desk work"], ["other", "その他", "Other"]]
    .map(([id, ja, en]) => ({ id: id!, ja: ja!, en: en! })),
  promise_reasons: [["asked", "ご本人のご希望", "The caller asked"], ["look_up", "お調べして折り返し", "To look something up"]].map(([id, ja, en]) => ({ id: id!, ja: ja!, en: en! })),
  dispositions: [["answered", "回答済み", "Answered"], ["callback", "折り返しを約束", "Callback agreed"], ["second_line", "二次対応へ", "To the second line"], ["listened", "傾聴のみ", "Listened only"], ["wrong", "お間違い・無言", "Wrong number, silence"]]
    .map(([id, ja, en]) => ({ id: id!, ja: ja!, en: en! })),
};
const history = Array.from({ length: 20 }, (_, n) => call({
  id: `h${n}`, desk_id: n % 5 === 0 ? "long" : n % 2 ? "sakura" : "common", stage: "ended", arrived_at: before(4000 + n * 900), talking_since: n % 4 === 3 ? null : before(3980 + n * 900),
  ended_at: before(3500 + n * 900 - n * n * 5), outcome: n % 4 === 3 ? "abandoned" : n % 7 === 5 ? "cut_off" : "talked", disposition: "answered",
}));
const prompts: Schemas["Prompt"][] = ["最初のごあいさつ（さくら信販）", "録音のご案内", "年末年始のご案内"].map((name, n) => ({
  id: `p${n + 1}`, name, text: null, source: "uploaded", duration_ms: 8400 + n * 2100, bytes: 100000, made_at: before(86400), at_exchange: true,
}));

interface Changes {
  me?: Partial<Schemas["Operator"]>;
  calls?: Schemas["Call"][];
  promises?: Schemas["Promise"][];
  groups?: Schemas["Group"][];
  operators?: Schemas["Operator"][];
  status?: Partial<Schemas["Status"]>;
  balance?: Schemas["Balance"];
  who?: Schemas["Session"];
  desks?: Schemas["Desk"][];
  play?: Partial<Play>;
}

function told(changes: Changes = {}): Play {
  const who = changes.who ?? session;
  const snapshot: Snapshot = {
    session: who, desks: changes.desks ?? desks, groups: changes.groups ?? [group()], calls: changes.calls ?? [], promises: changes.promises ?? [],
    operators: [operator("hana", "花田", changes.me), ...(changes.operators ?? [operator("ken", "健", { state: "ready" }), operator("mei", "芽衣", { state: "talking" })])],
    balance: changes.balance ?? quiet, status: status(changes.status),
  };
  return { session: who, snapshot, history: [], prompts, choices, refuse: {}, now, glass: { session: { signed_in: false, passwords: true } }, ...changes.play };
}
const inCall = (over: Partial<Schemas["Call"]> = {}, changes: Changes = {}): Play =>
  told({ me: { state: "talking", since: before(252), next_state: "ready", call_id: "c1" }, calls: [call(over)], ...changes });
const signedOut = (refuse: Play["refuse"] = {}): Play => ({ ...told(), session: null, refuse });

async function tryToSignIn(page: Page): Promise<void> {
  await page.locator("input[name=name]").fill("hana");
  await page.locator("input[name=password]").fill("not the password");
  await page.locator("button[type=submit]").click();
  await page.locator("[role=alert]:not(:empty)").waitFor();
}
const pressKey = (key: string) => async (page: Page): Promise<void> => {
  await page.keyboard.press(key);
};
const openTab = (n: number) => (page: Page): Promise<void> => page.locator("nav button").nth(n).click();
const busyPromises = Array.from({ length: 30 }, (_, n) => promise(n, n === 4 ? { state: "taken", operator_id: "ken" } : {}));

async function signInToGlass(page: Page): Promise<void> {
  await page.locator("#name").fill("hana");
  await page.locator("#password").fill("anything");
  await page.locator("#send").click();
  await page.locator("#error:not(:empty)").waitFor();
}

export const scenes: Scene[] = [
  { name: "sign-in", play: signedOut() },
  { name: "sign-in-wrong", play: signedOut({ "POST /session": { status: 401, code: "not_signed_in", message: "" } }), after: tryToSignIn, sees: { ja: "違います", en: "wrong" } },
  { name: "sign-in-crowded", play: signedOut({ "POST /session": { status: 429, code: "exhausted", message: "" } }), after: tryToSignIn, sees: { ja: "込み合っています", en: "Too many people" } },
  { name: "sign-in-centre-away", play: signedOut({ "POST /session": { status: 503, code: "unavailable", message: "" } }), after: tryToSignIn },
  { name: "connecting", play: { ...told(), snapshot: null } },
  { name: "away", play: told({ me: { state: "away", away_reason: "signed_on" } }) },
  { name: "away-meal", play: told({ me: { state: "away", away_reason: "meal", since: before(2520) } }) },
  { name: "ready", play: told(), fits: true },
  { name: "ready-vault-signed-in", play: told({ play: { glass: { session: { signed_in: true, display_name: "花田", expires_at: before(-36000) } } } }) },
  { name: "busy", play: told({ groups: [group({ waiting: 14, longest_wait_since: before(190) })], promises: busyPromises.slice(0, 5), operators: [operator("ken", "健", { state: "talking" })], play: { history } }) },
  { name: "missed-a-ring", play: told({ me: { state: "away", away_reason: "ring_missed" } }) },
  { name: "ringing", play: told({ me: { state: "ringing" }, calls: [call({ stage: "ringing", recording: "off", talking_since: null, stage_since: before(4), arrived_at: before(25) })] }) },
  { name: "ringing-long-names", play: told({ me: { state: "ringing" }, calls: [call({ desk_id: "long", stage: "ringing", recording: "off", talking_since: null, withheld: true, stage_since: before(4) })] }) },
  { name: "talking", play: inCall(), fits: true },
  { name: "talking-long-names", play: inCall({ desk_id: "long", withheld: true, talking_since: before(5000) }) },
  { name: "on-hold", play: inCall({ held: true }), fits: true },
  { name: "muted", play: inCall({ muted: true }), fits: true },
  { name: "recording-paused", play: inCall({ recording: "paused" }), fits: true },
  { name: "recording-refused", play: inCall({ recording: "refused" }) },
  { name: "transfer", play: inCall(), after: pressKey("Alt+Shift+KeyT") },
  { name: "transfer-nobody", play: inCall({}, { operators: [operator("ken", "健", { state: "away" })] }), after: pressKey("Alt+Shift+KeyT") },
  { name: "transfer-fails", play: inCall({}, { play: { refuse: { "POST /calls/c1/transfer": { status: 409, code: "conflict", message: "" } } } }),
    after: async (page) => { await pressKey("Alt+Shift+KeyT")(page); await page.locator(".transfer li button").first().click(); await page.locator(".banner.danger").waitFor(); } },
  { name: "consulting", play: inCall({ stage: "consulting", consulting_operator_id: "ken", held: true, stage_since: before(20) }) },
  { name: "consulted", play: told({ calls: [call({ stage: "consulting", operator_id: "ken", consulting_operator_id: "hana", held: true, stage_since: before(6) })] }) },
  { name: "calling-back", play: inCall({ direction: "out", stage: "dialling", talking_since: null, stage_since: before(8), arrived_at: before(8), promise_id: "p1", recording: "off" }, { me: { state: "dialling" } }) },
  { name: "called-back", play: inCall({ direction: "out", promise_id: "p1" }) },
  { name: "wrap-up", play: told({ me: { state: "wrap_up", next_state: "ready" }, calls: [call({ stage: "wrap_up", stage_since: before(21), ended_at: before(21), outcome: "talked" })] }) },
  { name: "wrap-up-cut-off", play: told({ me: { state: "wrap_up", next_state: "ready" }, calls: [call({ stage: "wrap_up", stage_since: before(21), ended_at: before(21), end_cause: "fault", outcome: "cut_off" })] }), sees: { ja: "障害", en: "A fault cut" } },
  { name: "callbacks-long", play: told({ promises: busyPromises }) },
  { name: "callback-refused", play: told({ promises: busyPromises.slice(0, 3), play: { refuse: { "POST /promises/*": { status: 409, code: "redial_limit", message: "too soon" } } } }),
    after: async (page) => { await page.locator(".promises button").first().click(); await page.locator(".banner.danger").waitFor(); } },
  { name: "history-fails", play: told({ play: { refuse: { "GET /calls": { status: 503, code: "unavailable", message: "" } } } }) },
  { name: "ring-me-fails", play: told({ play: { refuse: { "POST /demo/ring-me": { status: 503, code: "unavailable", message: "" } } } }),
    after: async (page) => { await page.getByRole("button", { name: /試しに鳴らす|Ring me/ }).click(); await page.locator(".banner.danger").waitFor(); } },
  { name: "no-microphone", sound: "none", play: told({ me: { state: "away", away_reason: "signed_on", seat_connected: false } }), sees: { ja: "マイクが見つかりません", en: "No microphone" } },
  { name: "microphone-refused", sound: "refused", play: told({ me: { state: "away", away_reason: "signed_on", seat_connected: false } }), sees: { ja: "許可されていません", en: "may not be used" } },
  { name: "microphone-asking", sound: "asking", play: told({ me: { state: "away", away_reason: "signed_on", seat_connected: false } }) },
  { name: "audio-lost", sound: "failing", play: inCall(), sees: { ja: "音声が切れました", en: "Audio is lost" } },
  { name: "centre-away", play: inCall(), after: async (page, stage) => { stage.cut(); await page.locator(".banner").waitFor(); }, sees: { ja: "通話は続いています", en: "Calls go on" } },
  { name: "exchange-away", play: told({ status: { exchange: link(false) } }), sees: { ja: "電話交換", en: "exchange" } },
  { name: "vault-away", play: inCall({}, { status: { vault: link(false) } }), sees: { ja: "保管庫とつながっていません", en: "vault is not connected" } },
  { name: "exchange-disk-full", play: told({ who: leader, status: { troubles: [{ kind: "spool", text: "no new calls are taken: /var/lib/madoguchi/exchange/spool/000000065536.spool: cannot be written: No space left on device", since: before(60), from: "exchange" }, { kind: "recording", text: "the recording can't be written: No space left on device", since: before(60), from: "exchange" }] } }), sees: { ja: "新しいお電話をお受けできません", en: "No new calls" } },
  { name: "store-away", play: told({ status: { store: link(false), troubles: [{ kind: "disk_full", text: "the disk is full", since: before(60), from: "centre" }] } }), sees: { ja: "保存先", en: "store" } },
  { name: "all-away", play: told({ status: { exchange: link(false), vault: link(false), store: link(false) } }) },
  { name: "session-expired", play: told(), after: async (page, stage) => {
      stage.play = { ...stage.play, session: null };
      stage.tell({ type: "signed_out" });
      await page.locator("input[name=password]").waitFor();
    } },
  { name: "keys", play: inCall(), after: pressKey("F1") },
  { name: "password", play: told(), after: async (page) => { await page.getByRole("button", { name: /パスワード変更|Change password/ }).click(); } },
  { name: "password-wrong", play: told({ play: { refuse: { "POST /session/password": { status: 403, code: "denied", message: "" } } } }),
    after: async (page) => {
      await page.getByRole("button", { name: /パスワード変更|Change password/ }).click();
      await page.locator("input[name=old]").fill("wrong old one");
      await page.locator("input[name=new]").fill("a longer new one");
      await page.locator("input[name=again]").fill("a longer new one");
      await page.locator("dialog[open] button[type=submit]").click();
      await page.locator("dialog[open] [role=alert]:not(:empty)").waitFor();
    } },
  { name: "balance-empty", play: told(), after: openTab(1) },
  { name: "balance-busy", play: told({ balance: busyDay }), after: openTab(1) },
  { name: "balance-inexact", play: told({ balance: { ...busyDay, exact: false } }), after: openTab(1) },
  { name: "supervisor", play: told({ who: leader, balance: busyDay }) },
  { name: "sounds", play: told({ who: leader }), after: openTab(1) },
  { name: "sounds-unspoken", play: told({ who: leader, desks: desks.map((one) => ({ ...one, unspoken: ["greeting", "notice", "callback_announcement"] })), status: { troubles: [{ kind: "unspoken", text: "desk sakura: callers do not hear its words for greeting, notice", since: before(60), from: "centre" }] } }),
    after: openTab(1), sees: { ja: "お客様に流れない案内があります", en: "Callers do not hear: Greeting" } },
  { name: "sounds-empty", play: told({ who: leader, play: { prompts: [] } }), after: openTab(1) },
  { name: "sounds-failing", play: told({ who: leader, play: { refuse: { "GET /prompts": { status: 503, code: "unavailable", message: "" } } } }), after: openTab(1) },
  { name: "glass-sign-in", page: "glass", play: told() },
  { name: "glass-passkey", page: "glass", play: told({ play: { glass: { session: { signed_in: false, passwords: false } } } }), sees: { ja: "パスキーでサインイン", en: "Sign in with a passkey" } },
  { name: "glass-wrong", page: "glass", play: told({ play: { glass: { session: { signed_in: false, passwords: true }, status: 403, code: "refused" } } }), after: signInToGlass },
  { name: "glass-busy", page: "glass", play: told({ play: { glass: { session: { signed_in: false, passwords: true }, status: 503, code: "exhausted" } } }), after: signInToGlass },
  { name: "glass-away", page: "glass", play: told({ play: { glass: { session: {}, status: 503, code: "away" } } }) },
  { name: "glass-signed-in", page: "glass", play: told({ play: { glass: { session: { signed_in: true, display_name: "花田", expires_at: before(-36000) } } } }) },
];

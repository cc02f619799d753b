// What the client's page says of files that came in. {import}: its number; the counts are of rows. Part of texts.ts.
export const importJapanese = {
  outcome_updated: "取り込みで更新",
  import_of: "{outcome}（{import}）",
  import_counts: "{outcome}（{import}、追加 {rows}、取り込めず {bad_rows}）",
  import_counts_update: "{outcome}（{import}、追加 {rows}、変更 {changed}、変更なし {unchanged}、取り込めず {bad_rows}）",
  import_update: "{outcome}（{import}、登録済みの方も更新）",
};

export const importEnglish: typeof importJapanese = {
  outcome_updated: "updated by an import",
  import_of: "{outcome} ({import})",
  import_counts: "{outcome} ({import}: {rows} added, {bad_rows} not taken)",
  import_counts_update: "{outcome} ({import}: {rows} added, {changed} changed, {unchanged} unchanged, {bad_rows} not taken)",
  import_update: "{outcome} ({import}, changing people who are in already)",
};

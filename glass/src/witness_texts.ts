// What the client's page says about the check of its log, and about those who cosign it.
export const witnessJapanese = {
  clientVerifying: "確かめています…（{count} 件）",
  clientVerified: "検証済み: {count} 件すべてが署名と一致しました（{time}）",
  clientWitnesses: "立会人（記録が書き換えられていないことに連署する、保管庫とは別の者）",
  clientWitnessKey: "立会人の検証鍵（受け取っている場合）",
  witness_in_step: "{name}: {size} 件まで連署済み（{time}）",
  witness_asked: "{name}: 連署を待っています（{cosigned} 件まで済み）",
  witness_away: "{name}: {since} から応答がありません（連署は {cosigned} 件まで。全 {size} 件）",
  witness_refuses: "{name}: {since} から連署を断っています（{trouble}）",
  witness_another_history: "{name}: 別の履歴を見ています。記録が書き換えられたか、古い控えに戻されています（{since}、{trouble}）",
  clientWitnessed: "立会人 {name} の連署も確かめました（{time}）",
  clientKnown: "前回この端末で確かめた {count} 件も書き換えられていません",
  clientRemembered: "この端末に覚えました。次回からは書き換えや巻き戻しも分かります",
  clientForgets: "この端末には覚えられません（ブラウザーの設定）。前回からの書き換えは分かりません",
};

export const witnessEnglish = {
  clientVerifying: "Checking… ({count} entries)",
  clientVerified: "Verified: all {count} entries fit the signature ({time})",
  clientWitnesses: "Witnesses (others than the vault, who cosign that the record is not rewritten)",
  clientWitnessKey: "Verifier key of a witness (if you were given one)",
  witness_in_step: "{name}: has cosigned all {size} entries ({time})",
  witness_asked: "{name}: is being asked ({cosigned} entries cosigned)",
  witness_away: "{name}: has not answered since {since} ({cosigned} of {size} entries cosigned)",
  witness_refuses: "{name}: refuses to cosign since {since} ({trouble})",
  witness_another_history: "{name}: has seen another history: the record was rewritten, or set back to an old backup ({since}, {trouble})",
  clientWitnessed: "The witness {name} has cosigned it too ({time})",
  clientKnown: "the {count} entries of the last check on this device are unchanged",
  clientRemembered: "remembered on this device: the next check also sees a log that was rewritten or set back",
  clientForgets: "this browser keeps nothing: a rewriting since the last check is not seen",
};

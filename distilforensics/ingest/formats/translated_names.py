"""Headings of exports in German, French, Spanish and Japanese, as people write them in spreadsheets and dashboards write them for them.

Words that could be two columns are left out, and so are costs, whose currency a heading does not say.
"""

from __future__ import annotations

TRANSLATED_NAMES = {
    "started_at": "zeitstempel zeitpunkt startzeit startzeitpunkt datum_uhrzeit horodatage date_heure marca_de_tiempo fecha_hora fecha_y_hora"
    " 日時 タイムスタンプ 開始時刻 開始日時",
    "ended_at": "endzeit endzeitpunkt heure_fin fecha_fin 終了時刻 終了日時",
    "account_id": "konto konto_id benutzer benutzer_id benutzername nutzer nutzer_id kunde kunden_id kundennummer compte id_compte utilisateur"
    " id_utilisateur id_client cuenta id_cuenta usuario id_usuario id_cliente アカウント アカウントid ユーザー ユーザーid 利用者 顧客id",
    "end_user_id": "endnutzer endbenutzer utilisateur_final usuario_final エンドユーザー",
    "tenant_id": "mandant mandanten_id firma organización 組織 組織id",
    "project_id": "projekt projekt_id projet proyecto プロジェクト",
    "api_key_id": "api_schlüssel api_schluessel schlüssel_id schluessel_id clé_api clave_api apiキー",
    "session_id": "sitzung sitzung_id sitzungs_id id_session id_de_session sesión id_sesión セッション セッションid",
    "request_id": "anfrage_id anfragenummer vorgangs_id id_requête id_solicitud リクエストid",
    "client_ip": "ip_adresse adresse_ip dirección_ip ipアドレス",
    "client_country": "land pays país 国",
    "model_requested": "modell modellname modèle nom_modèle modelo モデル モデル名",
    "input_tokens": "eingabetoken eingabetokens eingabe_tokens tokens_eingabe tokens_ein jetons_entrée tokens_entrée jetons_en_entrée jetons_d_entrée"
    " tokens_entrada tokens_de_entrada 入力トークン 入力トークン数",
    "output_tokens": "ausgabetoken ausgabetokens ausgabe_tokens tokens_ausgabe tokens_aus antworttokens jetons_sortie tokens_sortie"
    " jetons_en_sortie jetons_de_sortie tokens_salida tokens_de_salida 出力トークン 出力トークン数",
    "latency_ms": "dauer_ms latenz_ms antwortzeit_ms durée_ms latence_ms duración_ms latencia_ms",
    "http_status": "statuscode http_statuscode code_statut code_http code_de_statut código_estado código_de_estado código_http ステータスコード",
    "error_type": "fehlercode fehlerart code_erreur código_error エラーコード",
    "prompt_text": "eingabe eingabetext anfrage anfragetext frage requête invite_texte solicitud pregunta プロンプト 質問 入力",
    "response_text": "antwort antworttext ausgabe ausgabetext réponse respuesta 応答 回答 出力",
}

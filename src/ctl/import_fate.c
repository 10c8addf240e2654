/*
 * import_fate: what becomes of each setting of opendkim.conf: carried over, needless here, about
 * verifying, or lost.
 */
#include "ctl/import.h"

enum fate {
    CARRIED,   /* read elsewhere, which also says what of it is lost */
    NEEDLESS,  /* nothing changes without it */
    VERIFYING, /* of mail from outside */
    LOST
};

#define HEADERS                                                                                    \
    "the header fields that are signed are fixed: see egress-milter.conf(5), section signing"

static const struct {
    const char *name;
    enum fate fate;
    const char *why; /* NULL: that of its fate */
} fates[] = {
    { "AllowSHA1Only", VERIFYING, NULL },
    { "AlwaysAddARHeader", VERIFYING, NULL },
    { "AnonymousStatistics", NEEDLESS, NULL },
    { "ATPSDomains", VERIFYING, NULL },
    { "ATPSHashAlgorithm", VERIFYING, NULL },
    { "AuthservID", VERIFYING, NULL },
    { "AuthservIDWithJobID", VERIFYING, NULL },
    { "AutoRestart", NEEDLESS, "a process that ends is always replaced" },
    { "AutoRestartCount", NEEDLESS, "a process that ends is always replaced" },
    { "AutoRestartRate", NEEDLESS, "a process that ends is always replaced" },
    { "Background", NEEDLESS, "egress-milter -f stays in the foreground" },
    { "BaseDirectory", CARRIED, NULL },
    { "BodyLengthDB", LOST, "the whole body is signed, always" },
    { "BogusKey", VERIFYING, NULL },
    { "Canonicalization", CARRIED, NULL },
    { "CaptureUnknownErrors", NEEDLESS, NULL },
    { "ChangeRootDirectory", LOST, "there is no change of root; paths are taken as they stand" },
    { "ClockDrift", VERIFYING, NULL },
    { "DefaultSender", LOST, "mail without From is refused or held (from-missing)" },
    { "DiagnosticDirectory", VERIFYING, NULL },
    { "Diagnostics", LOST, "z= is not written" },
    { "DisableCryptoInit", NEEDLESS, NULL },
    { "DNSConnect", VERIFYING, NULL },
    { "DNSTimeout", VERIFYING, NULL },
    { "Domain", CARRIED, NULL },
    { "DomainKeysCompat", VERIFYING, NULL },
    { "DontSignMailTo", LOST, "signing does not depend on the recipients" },
    { "EnableCoredumps", NEEDLESS, NULL },
    { "ExemptDomains", LOST, "mail of a domain without a row in domains passes unsigned" },
    { "ExternalIgnoreList", NEEDLESS, "mail from elsewhere is inbound and not complained of" },
    { "FinalPolicyScript", LOST, "there are no scripts" },
    { "FixCRLF", LOST, "the body is signed as it travels" },
    { "IdentityHeader", LOST, "i= is not written" },
    { "IdentityHeaderRemove", LOST, "i= is not written" },
    { "IgnoreMalformedMail", NEEDLESS, "in mode observe nothing is stopped; see rules" },
    { "Include", CARRIED, NULL },
    { "InternalHosts", CARRIED, NULL },
    { "KeepAuthResults", VERIFYING, NULL },
    { "KeepTemporaryFiles", NEEDLESS, NULL },
    { "KeyFile", CARRIED, NULL },
    { "KeyTable", CARRIED, NULL },
    { "LogResults", VERIFYING, NULL },
    { "LogWhy", NEEDLESS, "every message has one line that says why" },
    { "MacroList", LOST,
      "who is ours is told by login, network and listener: see outgoing.listeners" },
    { "MaximumHeaders", NEEDLESS, "see ceilings.message" },
    { "MaximumSignaturesToVerify", VERIFYING, NULL },
    { "MaximumSignedBytes", LOST, "the whole body is signed, always" },
    { "MilterDebug", NEEDLESS, NULL },
    { "Minimum", VERIFYING, NULL },
    { "MinimumKeyBits", VERIFYING, NULL },
    { "Mode", CARRIED, NULL },
    { "MTA", LOST,
      "a listener makes nobody ours; logins are, and networks: see outgoing.listeners" },
    { "MTACommand", VERIFYING, NULL },
    { "MultipleSignatures", CARRIED, NULL },
    { "MustBeSigned", VERIFYING, NULL },
    { "Nameservers", VERIFYING, NULL },
    { "NoHeaderB", VERIFYING, NULL },
    { "OmitHeaders", LOST, HEADERS },
    { "On-BadSignature", VERIFYING, NULL },
    { "On-Default", CARRIED, NULL },
    { "On-DNSError", VERIFYING, NULL },
    { "On-InternalError", NEEDLESS, "what cannot be signed is on_failure's to decide" },
    { "On-KeyNotFound", VERIFYING, NULL },
    { "On-NoSignature", VERIFYING, NULL },
    { "On-Security", VERIFYING, NULL },
    { "On-SignatureError", CARRIED, NULL },
    { "OversignHeaders", NEEDLESS, HEADERS },
    { "PeerList", LOST,
      "no client is left out; a listener can be: outgoing.listeners with role off" },
    { "PidFile", NEEDLESS, NULL },
    { "POPDBFile", LOST, "only logins of SMTP count" },
    { "Quarantine", VERIFYING, NULL },
    { "QueryCache", VERIFYING, NULL },
    { "RedirectFailuresTo", VERIFYING, NULL },
    { "RemoveARAll", NEEDLESS, "see rules.results-forged" },
    { "RemoveARFrom", NEEDLESS, "see rules.results-forged" },
    { "RemoveOldSignatures", LOST, "signatures of others stay" },
    { "ReplaceHeaders", LOST, "what the mail server rewrites later has to be told to it" },
    { "ReplaceRules", LOST, "what the mail server rewrites later has to be told to it" },
    { "ReportAddress", VERIFYING, NULL },
    { "ReportBccAddress", VERIFYING, NULL },
    { "RequestReports", LOST, "r= is not written" },
    { "RequiredHeaders", NEEDLESS, "in mode observe nothing is stopped; see rules" },
    { "RequireSafeKeys", NEEDLESS, "a key that all can read is refused, always" },
    { "ResignAll", LOST, "mail from elsewhere is not signed" },
    { "ResignMailTo", LOST, "mail from elsewhere is not signed" },
    { "ResolverConfiguration", VERIFYING, NULL },
    { "ResolverTracing", VERIFYING, NULL },
    { "ScreenPolicyScript", VERIFYING, NULL },
    { "SelectCanonicalizationHeader", LOST, "canonicalization is the same for all mail" },
    { "Selector", CARRIED, NULL },
    { "SenderHeaders", LOST, "the domain that signs is that of From" },
    { "SenderMacro", LOST, "the domain that signs is that of From" },
    { "SendReports", VERIFYING, NULL },
    { "SetupPolicyScript", LOST, "there are no scripts" },
    { "SignatureAlgorithm", NEEDLESS, "the algorithm is that of the key" },
    { "SignatureTTL", CARRIED, NULL },
    { "SignHeaders", LOST, HEADERS },
    { "SigningTable", CARRIED, NULL },
    { "SMTPURI", VERIFYING, NULL },
    { "Socket", CARRIED, NULL },
    { "SoftStart", NEEDLESS, NULL },
    { "SoftwareHeader", LOST, "no field tells of the filter" },
    { "Statistics", LOST, "there is no file of statistics; see egressctl status" },
    { "StatisticsName", NEEDLESS, NULL },
    { "StatisticsPolicyScript", LOST, "there are no scripts" },
    { "StatisticsPrefix", NEEDLESS, NULL },
    { "StrictHeaders", NEEDLESS, "in mode observe nothing is stopped; see rules" },
    { "StrictTestMode", NEEDLESS, NULL },
    { "SubDomains", CARRIED, NULL },
    { "Syslog", NEEDLESS, "the log is always written" },
    { "SyslogFacility", CARRIED, NULL },
    { "SyslogName", NEEDLESS, "it logs as egress-milter" },
    { "SyslogSuccess", NEEDLESS, "every message has one line" },
    { "TemporaryDirectory", NEEDLESS, NULL },
    { "TestDNSData", VERIFYING, NULL },
    { "TestPublicKeys", VERIFYING, NULL },
    { "TrustAnchorFile", VERIFYING, NULL },
    { "TrustSignaturesFrom", VERIFYING, NULL },
    { "UMask", CARRIED, NULL },
    { "UnprotectedKey", VERIFYING, NULL },
    { "UserID", CARRIED, NULL },
    { "WeakSyntaxChecks", NEEDLESS, NULL },
};

#define FATE_COUNT (sizeof(fates) / sizeof(fates[0]))

/* Families of settings of which none has a counterpart. */
static const struct {
    struct span prefix;
    const char *why;
} families[] = {
    { { "LDAP", 4 }, "tables are files; see domains" },
    { { "Reputation", 10 }, "there is no reputation of signers" },
    { { "Flow", 4 }, "limits of senders come with a later version" },
    { { "VBR-", 4 }, "VBR-Info is not written" },
};

static void note_unknown(struct import *import, const struct opendkim_setting *setting)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (span_has_prefix_nocase(span_of(setting->name), families[i].prefix)) {
            import_note(import, setting, true, "%s", families[i].why);
            return;
        }
    }
    import_note(import, setting, true, "no setting of OpenDKIM 2.11 that is known here");
}

static void note_fate(struct import *import, const struct opendkim_setting *setting, size_t index)
{
    static const char *const standard[] = {
        [NEEDLESS] = "it needs no counterpart",
        [VERIFYING] = "mail from outside is not verified here; keep a verifier for it",
        [LOST] = "there is no counterpart",
    };
    enum fate fate = fates[index].fate;
    if (fate != CARRIED) {
        import_note(import, setting, fate == LOST, "%s",
                    fates[index].why != NULL ? fates[index].why : standard[fate]);
    } else if (opendkim_conf_get(&import->conf, setting->name) != setting) {
        import_note(import, setting, false, "a later line counts");
    }
}

void import_others(struct import *import)
{
    for (size_t i = 0; i < import->conf.count; i++) {
        const struct opendkim_setting *setting = &import->conf.at[i];
        size_t at = 0;
        while (at < FATE_COUNT &&
               !span_is_equal_nocase(span_of(fates[at].name), span_of(setting->name))) {
            at++;
        }
        if (at < FATE_COUNT) {
            note_fate(import, setting, at);
        } else {
            note_unknown(import, setting);
        }
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of those who are told what happens. See ../keytable.h. */
#pragma once

/* Which events: of every one of them. */
#define VDT_TOLD_KEYS(X)                                                                           \
    X(TYPES, "types", LIST, NULL, NULL, NULL, "", LIVE,                                            \
      "Types of the events that are told, as of their member type. If unset, all.")                \
    X(PHASES, "phases", ENUM, NULL, NULL, "all start start-end", "all", LIVE,                      \
      "Which of an event is told: that it starts, that it ends, that it goes on otherwise (all).")

#define VDT_MQTT_KEYS(X)                                                                           \
    X(HOST, "host", STRING, NULL, NULL, NULL, "", LIVE,                                            \
      "Name or address of the broker. If unset, nothing is published by MQTT.")                    \
    X(PORT, "port", INT, "0", "65535", NULL, "0", LIVE,                                            \
      "Its port; 0 for 1883, with tls for 8883.")                                                  \
    X(TLS, "tls", BOOL, NULL, NULL, NULL, "no", LIVE,                                              \
      "Whether the connection is encrypted, and the broker's certificate checked.")                \
    X(CA_FILE, "ca-file", PATH, NULL, NULL, NULL, "", LIVE,                                        \
      "Certificates, in PEM, of who may vouch for the broker. If unset, the machine's.")           \
    X(CREDENTIAL, "credential", NAME, NULL, NULL, NULL, "", LIVE,                                  \
      "The systemd credential that holds user and password for the broker, as USER:PASSWORD in "   \
      "one line.")                                                                                 \
    X(SECRET_FILE, "secret-file", PATH, NULL, NULL, NULL, "", LIVE,                                \
      "A file that holds user and password in the same way. It belongs to root or to the "         \
      "service's user, and nobody else can read it.")                                              \
    X(CLIENT_ID, "client-id", NAME, NULL, NULL, NULL, "", LIVE,                                    \
      "What the service is called at the broker, where nobody else is called so. If unset, a "     \
      "name by chance.")                                                                           \
    X(PREFIX, "prefix", STRING, NULL, NULL, NULL, "vedette", LIVE,                                 \
      "What all topics begin with. Each service has its own.")                                     \
    X(QOS, "qos", INT, "1", "2", NULL, "1", LIVE, "Quality of service: 1, at least once, or 2.")   \
    X(KEEPALIVE, "keepalive", DURATION, "5s", "1h", NULL, "30s", LIVE,                             \
      "Silence after which the broker is asked whether it is still there; after half as much "     \
      "again it says of the service that it is offline.")                                          \
    X(STATS_INTERVAL, "stats-interval", DURATION, "0s", "1d", NULL, "1min", LIVE,                  \
      "Time between two messages with figures; 0 for none.")                                       \
    X(DISCOVERY, "discovery", BOOL, NULL, NULL, NULL, "no", LIVE,                                  \
      "Whether Home Assistant is told what there is, so that it adds the streams by itself.")      \
    X(DISCOVERY_PREFIX, "discovery-prefix", STRING, NULL, NULL, NULL, "homeassistant", LIVE,       \
      "What the topics begin with that Home Assistant looks at.")                                  \
    VDT_TOLD_KEYS(X)

#define VDT_WEBHOOK_KEYS(X)                                                                        \
    X(URL, "url", URI, NULL, NULL, NULL, "", LIVE,                                                 \
      "Where each event is posted to, by http or https. If unset, nowhere.")                       \
    X(CREDENTIAL, "credential", NAME, NULL, NULL, NULL, "", LIVE,                                  \
      "The systemd credential that holds what posts are signed with, in one line. If neither "     \
      "this nor secret-file is set, they are not signed.")                                         \
    X(SECRET_FILE, "secret-file", PATH, NULL, NULL, NULL, "", LIVE,                                \
      "A file that holds it in the same way. It belongs to root or to the service's user, and "    \
      "nobody else can read it.")                                                                  \
    X(CA_FILE, "ca-file", PATH, NULL, NULL, NULL, "", LIVE,                                        \
      "Certificates, in PEM, of who may vouch for the server. If unset, the machine's.")           \
    X(TIMEOUT, "timeout", DURATION, "1s", "10min", NULL, "15s", LIVE,                              \
      "How long a post may take, from connecting to the end of the answer.")                       \
    VDT_TOLD_KEYS(X)

#define VDT_FILE_KEYS(X)                                                                           \
    X(PATH, "path", PATH, NULL, NULL, NULL, "", LIVE,                                              \
      "The file that each event is appended to, as a line of JSON. It may be renamed or removed "  \
      "at any time: then it is made anew. If unset, there is none.")                               \
    VDT_TOLD_KEYS(X)

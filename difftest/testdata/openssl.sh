# Digests, ciphers and keys, as far as nothing of them is random.
printf 'some text\n' >plain
openssl dgst -sha256 plain
openssl enc -aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in plain -out secret
openssl enc -d -aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 000102030405060708090a0b0c0d0e0f -in secret
openssl base64 -in secret
openssl version
openssl x509 -in missing 2>/dev/null || echo "status $?"

package dev.lifeboat.store;

import com.exceptionfactory.jagged.FileKey;
import com.exceptionfactory.jagged.RecipientStanza;
import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.UnsupportedRecipientStanzaException;
import com.exceptionfactory.jagged.bech32.Bech32;
import com.exceptionfactory.jagged.bech32.Bech32Address;
import com.exceptionfactory.jagged.framework.stream.StandardDecryptingChannelFactory;
import com.exceptionfactory.jagged.framework.stream.StandardEncryptingChannelFactory;
import com.exceptionfactory.jagged.x25519.X25519KeyPairGenerator;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaReaderFactory;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaWriterFactory;
import dev.lifeboat.fault.Fault;
import dev.lifeboat.fault.FaultCode;
import dev.lifeboat.fault.FaultException;
import dev.lifeboat.process.ChildProcess;
import dev.lifeboat.process.Inherited;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.KeyAgreement;

/**
 * Keys of the age format (age-encryption.org/v1, X25519), and what is done with them. An identity opens what was encrypted to
 * its recipient.
 *
 * @param identities {@code AGE-SECRET-KEY-1…}; the first is what new things are encrypted to, all are tried to open old ones
 */
record AgeKeys(List<String> identities) {
    private static final String IDENTITY = "AGE-SECRET-KEY-1";
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);
    private static final BigInteger BASE_POINT = BigInteger.valueOf(9);

    AgeKeys {
        identities = List.copyOf(identities);
    }

    /** A new identity of its own. */
    static AgeKeys fresh() {
        try {
            KeyPair pair = new X25519KeyPairGenerator().generateKeyPair();
            return new AgeKeys(List.of(text(pair.getPrivate().getEncoded())));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has X25519", e);
        }
    }

    /**
     * Reads a key file: an identity a line, as age-keygen writes it; lines that begin with # are comments.
     *
     * @throws FaultException STORE_KEY_WRONG where it can't be read or holds none
     */
    static AgeKeys read(String store, Path file) {
        try {
            return of(store, Files.readAllLines(file, StandardCharsets.US_ASCII), "its key file " + file);
        } catch (IOException e) {
            throw wrong(store, "its key file " + file + " can't be read: " + DurableFiles.reason(e), e);
        }
    }

    /**
     * Asks a program for a key file's lines, as they are or in Base64, as {@code aws kms decrypt} gives them.
     *
     * @throws FaultException STORE_KEY_WRONG where it can't be run, fails, or prints no key; its output is not told
     */
    static AgeKeys ofCommand(String store, List<String> command) {
        String what = "its key-command " + command.getFirst();
        try {
            ChildProcess.Result said = ChildProcess.run(
                    new ChildProcess.Spec(command, Map.of(), Optional.empty(), Inherited.KEY_COMMAND), COMMAND_LIMIT);
            if (!said.succeeded()) {
                throw wrong(store, what + " failed (exit code " + said.exitCode() + "): " + said.errors(), null);
            }
            return of(store, lines(said.output()), "the output of " + what);
        } catch (IOException e) {
            throw wrong(store, what + " can't be run: " + e.getMessage(), e);
        }
    }

    private static List<String> lines(String output) {
        if (output.contains(IDENTITY)) {
            return output.lines().toList();
        }
        try {
            return new String(Base64.getMimeDecoder().decode(output.strip()), StandardCharsets.US_ASCII)
                    .lines()
                    .toList();
        } catch (IllegalArgumentException e) {
            // neither: it holds no key
            return List.of();
        }
    }

    private static AgeKeys of(String store, List<String> lines, String where) {
        List<String> identities = lines.stream()
                .map(String::strip)
                .filter(line -> line.startsWith(IDENTITY))
                .toList();
        if (identities.isEmpty()) {
            throw wrong(store, where + " holds no identity (a line " + IDENTITY + "…)", null);
        }
        var keys = new AgeKeys(identities);
        try {
            keys.recipient();
        } catch (IllegalArgumentException e) {
            throw wrong(store, "the first identity in " + where + " is none", e);
        }
        return keys;
    }

    static FaultException wrong(String store, String why, Exception cause) {
        return Fault.of(
                        FaultCode.STORE_KEY_WRONG,
                        "Store '" + store + "' is encrypted, and " + why + "; nothing was touched",
                        "Set lifeboat.stores." + store
                                + ".key-file to the file with the identity that its artifacts were"
                                + " encrypted to, or .key-command to the program that prints it; without it they can't be opened by anybody.")
                .with("store", store)
                .toException(cause);
    }

    /** The recipient of the first identity, {@code age1…}: its point on the curve. */
    String recipient() {
        Bech32Address identity = Bech32.getDecoder().decode(identities.getFirst());
        try {
            KeyFactory factory = KeyFactory.getInstance("X25519");
            var exchange = KeyAgreement.getInstance("X25519");
            exchange.init(
                    factory.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, identity.getData())));
            exchange.doPhase(factory.generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, BASE_POINT)), true);
            return Bech32.getEncoder().encode("age", exchange.generateSecret()).toString();
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("no identity", e);
        }
    }

    /** What is written into it comes out encrypted; closing it writes the end. */
    WritableByteChannel encrypting(WritableByteChannel out) throws IOException {
        try {
            return new StandardEncryptingChannelFactory()
                    .newEncryptingChannel(
                            out, List.of(X25519RecipientStanzaWriterFactory.newRecipientStanzaWriter(recipient())));
        } catch (GeneralSecurityException e) {
            throw new IOException("encryption could not begin", e);
        }
    }

    /** Encrypts something small. */
    byte[] encrypt(byte[] plain) throws IOException {
        var out = new ByteArrayOutputStream();
        try (WritableByteChannel channel = encrypting(Channels.newChannel(out))) {
            channel.write(ByteBuffer.wrap(plain));
        }
        return out.toByteArray();
    }

    /**
     * The key of one encrypted file.
     *
     * @param beginning at least its header and first chunk, or all of it
     * @throws InvalidKeyException where no identity opens it
     */
    FileKey fileKey(byte[] beginning) throws GeneralSecurityException, IOException {
        var found = new AtomicReference<FileKey>();
        open(beginning, found).close();
        return new FileKey(found.get().getEncoded());
    }

    /** Opens something small; the exceptions are those of {@link #fileKey}. */
    byte[] decrypt(byte[] encrypted) throws GeneralSecurityException, IOException {
        try (var channel = open(encrypted, new AtomicReference<>())) {
            return Channels.newInputStream(channel).readAllBytes();
        }
    }

    private java.nio.channels.ReadableByteChannel open(byte[] encrypted, AtomicReference<FileKey> found)
            throws GeneralSecurityException, IOException {
        var readers = new ArrayList<RecipientStanzaReader>();
        for (String identity : identities) {
            RecipientStanzaReader reader = X25519RecipientStanzaReaderFactory.newRecipientStanzaReader(identity);
            readers.add(new RecipientStanzaReader() {
                @Override
                public FileKey getFileKey(Iterable<RecipientStanza> stanzas) throws GeneralSecurityException {
                    FileKey key = reader.getFileKey(stanzas);
                    found.set(new FileKey(key.getEncoded()));
                    return key;
                }
            });
        }
        try {
            return new StandardDecryptingChannelFactory()
                    .newDecryptingChannel(Channels.newChannel(new ByteArrayInputStream(encrypted)), readers);
        } catch (UnsupportedRecipientStanzaException e) {
            throw new InvalidKeyException("no identity opens it", e);
        }
    }

    private static String text(byte[] encoded) {
        return new String(encoded, StandardCharsets.US_ASCII);
    }

    /** Without the identities. */
    @Override
    public String toString() {
        return "keys for " + recipient();
    }
}

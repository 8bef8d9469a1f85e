import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/**
 * An agency's client in one source file, with nothing but the JDK: XMLDSig signs and seals, the message travels with
 * prefixes of its own, as messages of Java clients do.
 *
 * <p>java JavaClient.java deliver KEY=VALUE... | verify FILE. Prints KEY=VALUE lines.
 */
public class JavaClient {
    static final String B = "http://minameddelanden.gov.se/schema/";
    static final String M1 = B + "Message", M2 = B + "Message/v2", M3 = B + "Message/v3", S = B + "Sender";
    static final String SERVICE = B + "Service/v3", RECIPIENT = B + "Recipient/v3";
    static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";

    public static void main(String[] args) throws Exception {
        if (args[0].equals("verify")) {
            verify(args[1]);
            return;
        }
        Map<String, String> ask = new TreeMap<>();
        for (String pair : List.of(args).subList(1, args.length)) {
            ask.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        }
        deliver(ask);
    }

    static void deliver(Map<String, String> ask) throws Exception {
        X509Certificate certificate = certificate(ask.get("certificate"));
        PrivateKey key = key(ask.get("key"));
        HttpClient http = HttpClient.newBuilder().sslContext(tls(certificate, key, certificate(ask.get("ca")))).build();
        String door = ask.get("door");

        String reachable = "<r:isReachable xmlns:r=\"" + RECIPIENT + "\"><r:senderOrgNr>" + ask.get("sender")
                + "</r:senderOrgNr><r:recipientId>" + ask.get("recipient") + "</r:recipientId></r:isReachable>";
        Document found = parse(post(http, door + "/Recipient/v3", envelope(reachable)));
        System.out.println("accepted=" + text(found, "SenderAccepted"));
        System.out.println("address=" + text(found, "ServiceAdress"));

        Document signed = parse(signedDelivery(ask));
        sign(signed, certificate, key);
        Document sealed = parse("<SealedDelivery xmlns=\"" + M3 + "\">" + write(signed) + "<Seal><ReceivedTime xmlns=\"" + M1
                + "\">" + ask.get("date") + "</ReceivedTime><SignaturesOK xmlns=\"" + M1
                + "\">true</SignaturesOK></Seal></SealedDelivery>");
        sign(sealed, certificate, key);
        // On its way it has another root, and prefixes on everything.
        boolean forwards = ask.containsKey("to");
        sealed.renameNode(sealed.getDocumentElement(), SERVICE, forwards ? "OrginalDelivery" : "deliverSecure");
        prefix(sealed.getDocumentElement(), new TreeMap<>());
        sealed.normalizeDocument();
        String message = forwards ? forward(ask, write(sealed))
                : envelope("<w:deliverSecure xmlns:w=\"" + SERVICE + "\">" + write(sealed) + "</w:deliverSecure>");
        Document answer = parse(post(http, door + "/Service/v3", message));
        for (String name : List.of("TransId", "Delivered", "faultcode", "ErrorCode", "Description", "CallId")) {
            String value = text(answer, name);
            if (value != null) {
                System.out.println(name + "=" + value);
            }
        }
    }

    /** As an operator: the original in another operation, whose elements have other prefixes. */
    static String forward(Map<String, String> ask, String original) {
        return envelope("<ns2:deliverForward xmlns:ns2=\"" + SERVICE + "\" xmlns:ns3=\"" + M1 + "\" xmlns:ns4=\"" + S + "\">"
                + "<ns2:forwardMessage><ns2:Header><ns3:Sender><ns4:Id>" + ask.get("recipient") + "</ns4:Id><ns4:Name>"
                + ask.get("name") + "</ns4:Name></ns3:Sender><ns3:Recipient>" + ask.get("to") + "</ns3:Recipient></ns2:Header>"
                + "<ns2:Message><ns3:Subject>Från JDK</ns3:Subject><ns3:Body><ns3:ContentType>text/plain</ns3:ContentType><ns3:Body>"
                + base64(ask.get("words").getBytes(StandardCharsets.UTF_8)) + "</ns3:Body></ns3:Body></ns2:Message>" + original
                + "<ns2:MessageIdToForward>" + ask.get("id") + "</ns2:MessageIdToForward></ns2:forwardMessage></ns2:deliverForward>");
    }

    static String signedDelivery(Map<String, String> ask) throws Exception {
        String file = "";
        if (ask.containsKey("file")) {
            byte[] bytes = Files.readAllBytes(Path.of(ask.get("file")));
            String md5 = HexFormat.of().withUpperCase().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
            file = "<Attachment>" + in(M1, "ContentType", "application/pdf") + in(M1, "Body", base64(bytes))
                    + in(M1, "Checksum", md5) + in(M1, "Filename", "beslut.pdf") + "</Attachment>";
        }
        return "<SignedDelivery xmlns=\"" + M3 + "\"><Delivery><Header><Sender xmlns=\"" + M2 + "\">"
                + in(S, "Id", ask.get("sender")) + in(S, "Name", "Exempel") + "</Sender>"
                + in(M2, "Recipient", ask.get("recipient")) + "</Header><Message><Header><Id>" + ask.get("id")
                + "</Id><Subject>" + ask.get("subject") + "</Subject><Supportinfo><Text>Växeln</Text></Supportinfo>"
                + "<Language>svSE</Language></Header><Body>" + in(M1, "ContentType", "text/plain")
                + in(M1, "Body", base64(ask.get("text").getBytes(StandardCharsets.UTF_8))) + "</Body>" + file
                + "</Message></Delivery></SignedDelivery>";
    }

    static void sign(Document document, X509Certificate certificate, PrivateKey key) throws Exception {
        XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
        Reference reference = factory.newReference("", factory.newDigestMethod(DigestMethod.SHA256, null),
                List.of(factory.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null)), null, null);
        SignedInfo info = factory.newSignedInfo(
                factory.newCanonicalizationMethod(CanonicalizationMethod.EXCLUSIVE, (C14NMethodParameterSpec) null),
                factory.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", null),
                List.of(reference));
        KeyInfoFactory keys = factory.getKeyInfoFactory();
        KeyInfo keyInfo = keys.newKeyInfo(List.of(
                keys.newX509Data(List.of(certificate.getSubjectX500Principal().getName(), certificate))));
        factory.newXMLSignature(info, keyInfo).sign(new DOMSignContext(key, document.getDocumentElement()));
    }

    /** Both signatures of a deliverSecure message or a SealedDelivery, each over the document that was signed. */
    static void verify(String file) throws Exception {
        Document whole = parse(Files.readString(Path.of(file)));
        NodeList seals = whole.getElementsByTagNameNS(M3, "Seal");
        Element root = (Element) seals.item(0).getParentNode();
        System.out.println("seal=" + holds(alone(root, "SealedDelivery")));
        Element signed = (Element) root.getElementsByTagNameNS(M3, "SignedDelivery").item(0);
        System.out.println("sender=" + holds(alone(signed, "SignedDelivery")));
    }

    static boolean holds(Document document) throws Exception {
        Node last = document.getDocumentElement().getLastChild();
        while (!"Signature".equals(last.getLocalName())) {
            last = last.getPreviousSibling();
        }
        NodeList certificates = ((Element) last).getElementsByTagNameNS(XMLSignature.XMLNS, "X509Certificate");
        byte[] der = Base64.getMimeDecoder().decode(certificates.item(0).getTextContent());
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(der));
        DOMValidateContext context = new DOMValidateContext(certificate.getPublicKey(), last);
        context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.FALSE);
        return XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context).validate(context);
    }

    /** The element as a document of its own, under its own name and without prefixes. */
    static Document alone(Element element, String name) throws Exception {
        Document document = builder().newDocument();
        document.appendChild(document.importNode(element, true));
        document.renameNode(document.getDocumentElement(), M3, name);
        bare(document.getDocumentElement());
        document.normalizeDocument();
        return parse(write(document));
    }

    static void bare(Element element) {
        for (int at = element.getAttributes().getLength() - 1; at >= 0; at--) {
            Node attribute = element.getAttributes().item(at);
            if (attribute.getNodeName().startsWith("xmlns")) {
                element.removeAttributeNode((org.w3c.dom.Attr) attribute);
            }
        }
        element.setPrefix(null);
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inside) {
                bare(inside);
            }
        }
    }

    static void prefix(Element element, Map<String, String> prefixes) {
        for (int at = element.getAttributes().getLength() - 1; at >= 0; at--) {
            Node attribute = element.getAttributes().item(at);
            if (attribute.getNodeName().startsWith("xmlns")) {
                element.removeAttributeNode((org.w3c.dom.Attr) attribute);
            }
        }
        element.setPrefix(prefixes.computeIfAbsent(element.getNamespaceURI(), name -> "ns" + (prefixes.size() + 2)));
        for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element inside) {
                prefix(inside, prefixes);
            }
        }
    }

    static String envelope(String inside) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><S:Envelope xmlns:S=\"" + SOAP + "\"><S:Header/><S:Body>" + inside
                + "</S:Body></S:Envelope>";
    }

    static String post(HttpClient http, String address, String message) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address))
                .header("Content-Type", "text/xml; charset=utf-8").header("SOAPAction", "\"\"")
                .POST(HttpRequest.BodyPublishers.ofString(message)).build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println("status=" + response.statusCode());
        return response.body();
    }

    static SSLContext tls(X509Certificate certificate, PrivateKey key, X509Certificate authority) throws Exception {
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", key, new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", authority);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static X509Certificate certificate(String file) throws Exception {
        try (FileInputStream in = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(text);
        return java.security.KeyFactory.getInstance("RSA")
                .generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(der));
    }

    static javax.xml.parsers.DocumentBuilder builder() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder();
    }

    static Document parse(String xml) throws Exception {
        return builder().parse(new InputSource(new StringReader(xml)));
    }

    static String write(Document document) throws Exception {
        Transformer transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        StringWriter out = new StringWriter();
        transformer.transform(new DOMSource(document), new StreamResult(out));
        return out.toString();
    }

    static String text(Document document, String name) {
        NodeList found = document.getElementsByTagNameNS("*", name);
        return found.getLength() == 0 ? null : found.item(0).getTextContent();
    }

    static String in(String namespace, String name, String text) {
        return "<" + name + " xmlns=\"" + namespace + "\">" + text + "</" + name + ">";
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
